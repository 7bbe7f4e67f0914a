/** The oracle: Node's own HTTP/1.1 parser, llhttp, in its strict mode. */
import { METHODS } from 'node:http'
import { createRequire } from 'node:module'
import { isLast, type Kind, type Message, newMessage } from './reading.ts'

interface NodeParser {
  initialize(type: number, resource: object, maxHeaderSize: number, lenient: number): void
  execute(bytes: Buffer): number | ParserError
  finish(): ParserError | undefined
  [callback: number]: unknown
}

type ParserError = Error & { readonly code: string; readonly reason: string }

/** Not part of Node's documented interface; there is no other way to its parser alone. */
const { HTTPParser } = createRequire(import.meta.url)('_http_common') as {
  readonly HTTPParser: (new () => NodeParser) &
    Readonly<
      Record<
        | 'REQUEST'
        | 'RESPONSE'
        | 'kOnMessageBegin'
        | 'kOnHeaders'
        | 'kOnHeadersComplete'
        | 'kOnBody'
        | 'kOnMessageComplete',
        number
      >
    >
}

const none: readonly string[] = []
const resource = {}
const parser = new HTTPParser()
let kind: Kind = 'request'
let messages: Message[] = []
let current: Message | null = null
let fields: string[] = []
let url = ''
/** Nothing is kept of what follows the last message. */
let isOver = false

parser[HTTPParser.kOnMessageBegin] = () => {
  fields = []
  url = ''
  if (isOver) return
  current = newMessage(-1)
  messages.push(current)
}

/** A part of many fields, or the trailers. */
parser[HTTPParser.kOnHeaders] = (part: string[], partOfUrl: string) => {
  if (current?.phase === 'body') current.trailers = [...current.trailers, ...part]
  else {
    fields.push(...part)
    url += partOfUrl
  }
}

parser[HTTPParser.kOnHeadersComplete] = (
  major: number,
  minor: number,
  rest: string[] | undefined,
  method: number | undefined,
  target: string | undefined,
  status: number | undefined,
  reason: string | undefined,
  isUpgrade: boolean,
  keepsAlive: boolean,
) => {
  if (isOver || current === null) return 0
  current.version = major * 10 + minor
  current.fields = fields.length === 0 ? (rest ?? none) : fields
  current.method = method === undefined ? '' : (names[method] ?? String(method))
  current.target = target ?? url
  current.status = status ?? 0
  current.reason = reason ?? ''
  current.isUpgrade = isUpgrade
  current.keepsAlive = keepsAlive
  current.phase = 'body'
  return kind === 'HEAD' ? 1 : 0
}

parser[HTTPParser.kOnBody] = (piece: Buffer) => {
  if (!isOver && current !== null) current.body += piece.toString('latin1')
}

parser[HTTPParser.kOnMessageComplete] = () => {
  if (isOver || current === null) return
  current.phase = 'done'
  isOver = isLast(current, kind)
}

/** Reads bytes, and for responses the end of the connection. */
export function readWithLlhttp(bytes: Buffer, kindOfMessages: Kind): Message[] {
  kind = kindOfMessages
  messages = []
  current = null
  isOver = false
  const type = kind === 'request' ? HTTPParser.REQUEST : HTTPParser.RESPONSE
  // Node's bound of heads is far above that of the cases.
  parser.initialize(type, resource, 1024 * 1024, 0)
  const result = parser.execute(bytes)
  // Node reports no fault within a request for an upgrade, but shows that bytes are left.
  const isHidden = typeof result === 'number' && messages.at(-1)?.phase === 'body' && result < bytes.length
  const last = messages.at(-1)
  if (last?.isUpgrade === true && last.phase === 'done' && typeof result === 'number') last.end = result
  const isFault = typeof result !== 'number' || isHidden
  if (!isFault && kind !== 'request' && !isOver) parser.finish()
  if (isFault && !isOver) {
    if (last === undefined || last.phase === 'done') messages.push(newMessage(-1))
    const broken = messages.at(-1) as Message
    broken.phase = 'refused'
    broken.fault = typeof result === 'number' ? 'not reported' : `${result.code}: ${result.reason}`
  }
  return messages.at(-1)?.phase === 'head' ? messages.slice(0, -1) : messages
}

/** Names of methods by llhttp's numbers, found by asking. */
const names: Record<number, string> = {}

function nameMethods(): void {
  for (const method of METHODS) {
    const target = method === 'CONNECT' ? 'a:1' : '/'
    const [message] = readWithLlhttp(Buffer.from(`${method} ${target} HTTP/1.1\r\n\r\n`), 'request')
    if (message?.phase === 'done') names[Number(message.method)] = method
  }
}
nameMethods()

/** The methods that llhttp accepts with HTTP. */
export const knownMethods: ReadonlySet<string> = new Set(Object.values(names))
