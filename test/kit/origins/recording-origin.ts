/** A strict origin that records the exact bytes of its requests. */
import type { Socket } from 'node:net'
import { type Origin, startRawOrigin } from './origin.ts'

/** A request as a strict reader parsed it. */
export interface Recorded {
  readonly line: string
  /** Name, value, name, value. */
  readonly fields: readonly string[]
  readonly body: string
  readonly trailers: readonly string[]
}

export interface Script {
  /** Bytes that are sent after the head; the answer then waits for `release()`. None after the release. */
  readonly interim?: string
  /** Only the first request gets the answer; later ones get `hello`. */
  readonly isOnce?: boolean
  /** Connections echo everything after the answer, as after a 101. */
  readonly echoes?: boolean
  /** The answer is written in single bytes. */
  readonly isDripped?: boolean
  /** The answer waits this long. */
  readonly afterMs?: number
  /** Bytes of the answer, as latin1. */
  readonly answer: string
  /** Answer after the head, without waiting for the body. */
  readonly isEarly?: boolean
  /** State of the connection after the answer; default `keep`. */
  readonly after?: 'keep' | 'end' | 'reset'
}

export interface RecordingOrigin extends Origin {
  readonly recorded: readonly Recorded[]
  /** Input that is not a valid request. */
  readonly garbage: readonly string[]
  /** Sends the answers that wait; later requests get the answer only. */
  release(): void
}

export const hello = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'

/** Starts an origin that reads strictly (RFC 9112), records its requests and answers from a script. */
export async function startRecordingOrigin(given: Script = { answer: hello }): Promise<RecordingOrigin> {
  let script = given
  const recorded: Recorded[] = []
  const garbage: string[] = []
  const reply = (socket: Socket) => {
    answer(socket, script)
    if (given.isOnce) script = { answer: hello }
  }
  let isReleased = false
  const held = new Set<Socket>()
  const origin = await startRawOrigin((socket) => {
    let pending = ''
    let isAnswered = false
    let isEcho = false
    socket.on('end', () => socket.end())
    socket.on('data', (chunk) => {
      if (isEcho) {
        socket.write(chunk)
        return
      }
      pending += chunk.toString('latin1')
      for (;;) {
        if (!isAnswered && pending.includes('\r\n\r\n')) {
          if (script.interim !== undefined && !isReleased) {
            isAnswered = true
            socket.write(script.interim, 'latin1')
            held.add(socket)
          } else if (script.isEarly) {
            isAnswered = true
            reply(socket)
          }
        }
        const found = read(pending)
        if (found === 'incomplete') return
        if (found === 'garbage') {
          garbage.push(pending)
          socket.destroy()
          return
        }
        pending = pending.slice(found.length)
        recorded.push(found.request)
        if (!isAnswered) reply(socket)
        isAnswered = false
        if (script.echoes) {
          isEcho = true
          socket.write(pending, 'latin1')
          return
        }
      }
    })
  })
  return Object.defineProperties(origin, {
    recorded: { value: recorded },
    garbage: { value: garbage },
    release: {
      value: () => {
        isReleased = true
        for (const socket of held) reply(socket)
        held.clear()
      },
    },
  }) as RecordingOrigin
}

function answer(socket: Socket, script: Script): void {
  const { afterMs = 0, ...rest } = script
  if (afterMs > 0) {
    const timer = setTimeout(answer, afterMs, socket, rest)
    socket.once('close', () => clearTimeout(timer))
    return
  }
  if (script.isDripped) {
    drip(socket, script, 0)
    return
  }
  socket.write(script.answer, 'latin1')
  finish(socket, script)
}

function drip(socket: Socket, script: Script, at: number): void {
  const { answer: bytes } = script
  if (at === bytes.length) finish(socket, script)
  else if (!socket.destroyed) {
    socket.write(bytes.charAt(at), 'latin1')
    setTimeout(drip, 1, socket, script, at + 1)
  }
}

function finish(socket: Socket, script: Script): void {
  if (script.after === 'end') socket.end()
  if (script.after === 'reset') setImmediate(() => socket.resetAndDestroy())
}

type Reading = { readonly request: Recorded; readonly length: number } | 'incomplete' | 'garbage'

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

function read(text: string): Reading {
  const end = text.indexOf('\r\n\r\n')
  if (end === -1) return 'incomplete'
  const [line = '', ...rows] = text.slice(0, end).split('\r\n')
  if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+ [\x21-\x7e]+ HTTP\/1\.[01]$/.test(line)) return 'garbage'
  const fields = readFields(rows)
  if (fields === null) return 'garbage'
  const all = (name: string) =>
    fields.filter((_, at) => at % 2 === 1 && fields[at - 1]?.toLowerCase() === name)
  const lengths = all('content-length')
  const codings = all('transfer-encoding')
  if (all('host').length !== 1 || lengths.length + codings.length > 1) return 'garbage'
  const bodyAt = end + 4
  if (codings.length === 1) {
    if (codings[0]?.toLowerCase() !== 'chunked') return 'garbage'
    return readChunked(text, bodyAt, { line, fields })
  }
  const [length = '0'] = lengths
  if (!/^\d+$/.test(length)) return 'garbage'
  const endAt = bodyAt + Number(length)
  if (text.length < endAt) return 'incomplete'
  return { request: { line, fields, body: text.slice(bodyAt, endAt), trailers: [] }, length: endAt }
}

function readChunked(text: string, from: number, head: Pick<Recorded, 'line' | 'fields'>): Reading {
  let body = ''
  let at = from
  for (;;) {
    const end = text.indexOf('\r\n', at)
    if (end === -1) return 'incomplete'
    const digits = text.slice(at, end)
    if (!/^[0-9a-fA-F]+$/.test(digits)) return 'garbage'
    const size = Number.parseInt(digits, 16)
    at = end + 2
    if (size === 0) break
    if (text.length < at + size + 2) return 'incomplete'
    body += text.slice(at, at + size)
    if (text.slice(at + size, at + size + 2) !== '\r\n') return 'garbage'
    at += size + 2
  }
  const rows: string[] = []
  for (;;) {
    const end = text.indexOf('\r\n', at)
    if (end === -1) return 'incomplete'
    const row = text.slice(at, end)
    at = end + 2
    if (row === '') break
    rows.push(row)
  }
  const trailers = readFields(rows)
  return trailers === null ? 'garbage' : { request: { ...head, body, trailers }, length: at }
}

function readFields(rows: readonly string[]): readonly string[] | null {
  const fields: string[] = []
  for (const row of rows) {
    const colon = row.indexOf(':')
    const name = row.slice(0, Math.max(0, colon))
    const value = row.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be in a value
    if (!token.test(name) || /[\x00-\x08\x0a-\x1f\x7f]/.test(value)) return null
    fields.push(name, value)
  }
  return fields
}
