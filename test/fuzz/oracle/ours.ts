/** Reads bytes with the parsers of the project, as the two sides of the engine do. */
import { ChunkedDecoder } from '../../../src/http/wire/chunked.ts'
import { ResponseReader } from '../../../src/http/wire/client/reader.ts'
import {
  type HeadBounds,
  type RequestHead,
  RequestHeadReader,
} from '../../../src/http/wire/server/request-head.ts'
import { decide, faultOf, type Head, type Policy } from '../../../src/proxy/decide/decide.ts'
import { isLast, type Kind, type Message, newMessage } from './reading.ts'

export const bounds: HeadBounds = { maxHeadBytes: 4096, maxFields: 40, maxTargetBytes: 1024 }

/** A forward and a reverse proxy, which take every valid target. */
const policy: Policy = {
  ...bounds,
  hasForward: true,
  hasReverse: true,
  hasBase: false,
  mounts: null,
  maxBodyBytes: null,
}

const headOf = (head: RequestHead): Head => ({
  method: head.method,
  url: head.target,
  host: head.host,
  hosts: head.hosts,
  isUpgrade: head.upgrade !== undefined,
  version: head.version,
  coding: head.coding,
  expect: head.expect,
  fields: head.fields.length / 2,
  length: head.length,
})

/** Whether a request that the parser accepts is refused for its target. */
export function refusesTarget(message: Message): boolean {
  const { method, target, version } = message
  const head = { method, url: target, host: 'a', hosts: 1, isUpgrade: false, version }
  const rest = { coding: undefined, expect: undefined, fields: 1, length: -1 }
  return decide({ ...head, ...rest }, policy).kind === 'reply'
}

/** Pieces are read where they lie in a buffer that other connections have used. */
const shared = Buffer.alloc(64 * 1024, 'HTTP/1.1 200 OK\r\n\r\n')

export function readWithOurs(bytes: Buffer, kind: Kind, cuts: readonly number[] = []): Message[] {
  const side = kind === 'request' ? new Server() : new Client(kind)
  let from = 0
  for (const cut of [...cuts, bytes.length]) {
    const at = cuts.length === 0 ? 0 : (cut * 7) % 100
    const end = at + bytes.copy(shared, at, from, cut)
    if (end > at && !side.isOver) side.read(shared, at, end, from - at)
    from = cut
  }
  if (side instanceof Server) return side.messages
  if (!side.isOver) side.end()
  return located(side.messages, bytes)
}

/** Adds the places of responses. Before the last one all are heads alone, with strict line ends. */
function located(messages: Message[], bytes: Buffer): Message[] {
  let start = 0
  for (const message of messages) {
    message.start = start
    if (message.status === 0) break
    message.version = bytes[start + 7] === 0x31 ? 11 : 10
    message.bodyAt = bytes.indexOf('\r\n\r\n', start, 'latin1') + 4
    start = message.bodyAt
  }
  return messages
}

class Server {
  readonly messages: Message[] = []
  isOver = false
  readonly #heads = new RequestHeadReader(bounds)
  #current: Message | null = null
  #decoder: ChunkedDecoder | null = null
  #left = 0

  /** `offset` makes a place in the shared buffer one in the connection. */
  read(bytes: Buffer, from: number, end: number, offset: number): void {
    let at = from
    while (at < end && !this.isOver) {
      if (this.#current?.phase === 'body') at = this.#readBody(this.#current, bytes, at, end, offset)
      else at = this.#readHead(bytes, at, end, offset)
    }
  }

  takeData(piece: Buffer): void {
    if (this.#current !== null) this.#current.body += piece.toString('latin1')
  }

  #readHead(bytes: Buffer, at: number, end: number, offset: number): number {
    let current = this.#current
    if (current === null || current.phase !== 'head') {
      current = newMessage(at + offset)
      this.#current = current
    }
    const head = this.#heads.read(bytes, at, end)
    if (head === null) return end
    this.messages.push(current)
    if (typeof head === 'string') return this.#refuse(current, head, end)
    const { endAt } = this.#heads
    current.bodyAt = endAt + offset
    current.method = head.method
    current.target = head.target
    current.version = head.version
    current.fields = head.fields
    current.keepsAlive = head.keepsAlive
    current.isUpgrade = head.method === 'CONNECT' || head.upgrade !== undefined
    current.isChunked = head.coding !== undefined
    const fault = faultOf(headOf(head), policy)
    if (fault !== null) return this.#refuse(current, fault, end)
    current.phase = 'body'
    this.#left = head.length
    this.#decoder = current.isChunked ? new ChunkedDecoder() : null
    if (head.method === 'CONNECT' || (this.#decoder === null && this.#left <= 0)) {
      this.#finish(current, current.bodyAt)
    }
    return endAt
  }

  #readBody(current: Message, bytes: Buffer, at: number, end: number, offset: number): number {
    const decoder = this.#decoder
    if (decoder === null) {
      const stop = Math.min(end, at + this.#left)
      current.body += bytes.toString('latin1', at, stop)
      this.#left -= stop - at
      if (this.#left === 0) this.#finish(current, stop + offset)
      return stop
    }
    const stop = decoder.take(bytes, at, end, this)
    if (stop === -1) return this.#refuse(current, 'a chunk that is not valid', end)
    if (decoder.isDone) {
      current.trailers = decoder.trailers
      this.#finish(current, stop + offset)
    }
    return stop
  }

  #finish(current: Message, end: number): void {
    current.end = end
    current.phase = 'done'
    this.isOver = isLast(current, 'request')
  }

  #refuse(current: Message, fault: string, end: number): number {
    current.phase = 'refused'
    current.fault = fault
    this.isOver = true
    return end
  }
}

class Client {
  readonly messages: Message[] = []
  isOver = false
  readonly #reader = new ResponseReader(this)
  #current = newMessage(0)

  constructor(kind: Kind) {
    this.#reader.start(kind === 'HEAD')
  }

  read(bytes: Buffer, from: number, end: number): void {
    // The reader of a connection reads from the start of its buffer.
    this.#reader.read(bytes.subarray(from), end - from)
  }

  end(): void {
    this.#reader.readEnd()
  }

  takeHead(head: Parameters<ConstructorParameters<typeof ResponseReader>[0]['takeHead']>[0]): void {
    const current = this.#current
    this.messages.push(current)
    current.status = head.status
    current.reason = head.reason
    current.fields = head.fields
    current.keepsAlive = head.keepAlive && head.framing !== 'end'
    current.isChunked = head.framing === 'chunked'
    current.phase = 'body'
    if (head.status >= 200) return
    current.phase = 'done'
    if (head.status === 101) this.#stop()
    else this.#current = newMessage(-1)
  }

  takeData(piece: Buffer): void {
    this.#current.body += piece.toString('latin1')
  }

  takeEnd(trailers: string[] | null): void {
    this.#current.trailers = trailers ?? []
    this.#current.phase = 'done'
    this.#stop()
  }

  takeFault(what: string): void {
    if (this.messages.at(-1) !== this.#current) this.messages.push(this.#current)
    this.#current.phase = 'refused'
    this.#current.fault = what
    this.#stop()
  }

  #stop(): void {
    this.#reader.stop()
    this.isOver = true
  }
}
