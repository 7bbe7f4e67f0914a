/** What a parser has read from the bytes of one connection. */

export interface Message {
  /** Place of its first byte; -1 if the parser does not tell. */
  start: number
  /** Place of the first byte after its head; -1 before. */
  bodyAt: number
  /** Place of the first byte after a message that ends HTTP on its connection; -1 if the parser does not tell. */
  end: number
  /** '' for a response. */
  method: string
  target: string
  /** 0 for a request. */
  status: number
  reason: string
  version: number
  /** Flat, as trailers. */
  fields: readonly string[]
  body: string
  trailers: readonly string[]
  keepsAlive: boolean
  isUpgrade: boolean
  isChunked: boolean
  /** `head` and `body`: the bytes end there. A list of messages leaves out a last one without a whole head. */
  phase: 'head' | 'body' | 'done' | 'refused'
  /** Why it was refused. */
  fault: string
}

export const newMessage = (start: number): Message => ({
  start,
  bodyAt: -1,
  end: -1,
  method: '',
  target: '',
  status: 0,
  reason: '',
  version: 0,
  fields: [],
  body: '',
  trailers: [],
  keepsAlive: false,
  isUpgrade: false,
  isChunked: false,
  phase: 'head',
  fault: '',
})

/** How the bytes are to be read. `HEAD` is a response to HEAD. */
export type Kind = 'request' | 'response' | 'HEAD'

/** Whether the parser stops after a message: its connection is not one of HTTP messages from there on, or ends. */
export const isLast = (message: Message, kind: Kind): boolean =>
  kind === 'request'
    ? message.method === 'CONNECT' || message.isUpgrade || !message.keepsAlive
    : message.status >= 200 || message.status === 101

export function sameList(one: readonly string[], other: readonly string[]): boolean {
  if (one.length !== other.length) return false
  for (let at = 0; at < one.length; at += 1) if (one[at] !== other[at]) return false
  return true
}
