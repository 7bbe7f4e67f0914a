/**
 * The response to one request of an HTTP/1.1 client. Its head leaves together with the first bytes of its body.
 *
 *   open --sendHead--> head held --write, flush--> sending --end--> ended --all has left--> closed, complete
 *     '------------------- abort, the client leaves ------------------------------------> closed
 */
import { fieldOf } from '../../fields/lookup.ts'
import type { BodySource, HttpResponse, ResponseOwner } from '../../message/message.ts'
import { type FieldList, PreparedFields, type PreparedResponse } from '../../message/prepared.ts'
import type { Transport } from '../../transport/transport.ts'
import { dateField, keptText, statusLine, writtenFields } from './head-text.ts'
import { isWhole, sentBytes } from './prepared-bytes.ts'
import type { ServerRequest } from './request.ts'

/** The connection that a response leaves on. */
export interface ResponsePath {
  readonly transport: Transport
  /** The connection is to end after this response: its client has ended its side, for example. */
  readonly isLast: boolean
  /** Seconds that clients are told a connection is kept. */
  readonly keepAliveSecs: number
  /** The response is complete: the connection may go on. */
  responseOver(response: ServerResponse): void
}

/** Largest piece that is joined with its head or framing as text: one write without a list of buffers. */
const maxTextBytes = 16 * 1024

type State = 'open' | 'ended' | 'closed'
/** How the client finds the end of the body: no body, Content-Length, chunks, or the end of the connection. */
type Framing = 'none' | 'length' | 'chunked' | 'end'

export class ServerResponse implements HttpResponse {
  readonly request: ServerRequest
  status = 0
  isHeadSent = false
  isComplete = false
  keepsAlive: boolean
  writtenBytes = 0
  owner: ResponseOwner | null = null
  source: BodySource | null = null
  readonly #path: ResponsePath
  #state: State = 'open'
  #framing: Framing = 'none'
  /** Body bytes that are still to come, if there is a Content-Length. */
  #left = -1
  /** The head, until it is sent. */
  #head = ''
  #set: string[] | null = null
  #trailers: readonly string[] | null = null
  #isBehind = false
  /** Run when everything written so far has left. */
  #done: (() => void)[] | null = null

  constructor(request: ServerRequest, path: ResponsePath) {
    this.request = request
    this.#path = path
    this.keepsAlive = request.head.keepsAlive
  }

  get isClosed(): boolean {
    return this.#state === 'closed'
  }

  setField(name: string, value: string): void {
    this.#set ??= []
    this.#set.push(name, value)
  }

  sendHead(status: number, reason: string | undefined, list: FieldList): void {
    if (this.#state !== 'open' || this.isHeadSent) return
    this.status = status
    this.#left = -1
    const facts = writtenFields(status === 205 ? withoutLength(list) : list)
    const { head } = this.request
    // A client that was not asked for its body may send it or not: its next bytes have no clear meaning.
    if (this.#path.isLast || this.request.isAwaited) this.keepsAlive = false
    let text = statusLine(status, reason) + facts.text + this.#setText(list)
    if (!facts.hasDate) text += dateField()
    if (head.method === 'HEAD' || status === 204 || status === 304) this.#framing = 'none'
    else if (status === 205) {
      // RFC 9110 15.3.6: no content.
      this.#framing = 'none'
      text += 'Content-Length: 0\r\n'
    } else if (facts.length >= 0) {
      this.#framing = 'length'
      this.#left = facts.length
    } else if (head.version > 10) {
      this.#framing = 'chunked'
      text += 'Transfer-Encoding: chunked\r\n'
    } else {
      this.#framing = 'end'
      this.keepsAlive = false
    }
    if (!facts.hasConnection)
      text += this.keepsAlive ? keptText(this.#path.keepAliveSecs) : 'Connection: close\r\n'
    this.#head = `${text}\r\n`
  }

  sendPrepared(prepared: PreparedResponse): void {
    const { status, fields, body } = prepared
    const path = this.#path
    const isPlain = this.#set === null && this.keepsAlive && !path.isLast && !this.request.isAwaited
    if (!isPlain || this.#state !== 'open' || this.request.method === 'HEAD') {
      this.sendHead(status, undefined, fields)
      this.end(body)
      return
    }
    this.status = status
    this.isHeadSent = true
    this.writtenBytes = body.length
    const sent = sentBytes(prepared, path.keepAliveSecs)
    if (isWhole(prepared)) path.transport.write(sent)
    else path.transport.writeTwo(sent, body)
    this.#state = 'ended'
    this.#completeIfLeft()
  }

  write(piece: string | Uint8Array, done?: () => void): boolean {
    if (this.#state !== 'open' || this.#framing === 'none' || piece.length === 0) {
      done?.()
      return true
    }
    if (!this.#count(piece.length)) {
      done?.()
      return true
    }
    // More follows, which must not wait for the acknowledgement of this piece.
    this.#path.transport.setNoDelay()
    const isOpen = this.#framing === 'chunked' ? this.#writeChunk(piece, '') : this.#writePlain(piece)
    if (!isOpen) this.#isBehind = true
    if (done !== undefined) this.#whenLeft(done)
    return isOpen
  }

  end(last?: string | Uint8Array, done?: () => void): void {
    if (this.#state !== 'open') {
      done?.()
      return
    }
    if (this.status === 0) this.sendHead(200, undefined, ['Content-Length', String(last?.length ?? 0)])
    const piece = this.#framing === 'none' ? '' : (last ?? '')
    if (!this.#count(piece.length) || this.#left > 0) {
      // A body that is shorter than its length must not look complete either.
      this.abort()
      done?.()
      return
    }
    if (this.#framing === 'chunked') this.#endChunks(piece)
    else if (piece.length > 0) this.#writePlain(piece)
    else if (this.#head !== '') this.#path.transport.write(this.#takeHead())
    this.#state = 'ended'
    if (done !== undefined) this.#whenLeft(done)
    this.#completeIfLeft()
  }

  flush(): void {
    if (this.#state === 'closed' || this.#head === '') return
    this.#path.transport.setNoDelay()
    this.#path.transport.write(this.#takeHead())
  }

  inform(status: number, reason: string | undefined, fields: readonly string[]): void {
    if (this.#state !== 'open' || this.status !== 0 || this.request.version === 10) return
    if (status === 100) this.request.isAwaited = false
    this.#path.transport.setNoDelay()
    this.#path.transport.write(`${statusLine(status, reason)}${writtenFields(fields).text}\r\n`)
  }

  setTrailers(fields: readonly string[]): void {
    this.#trailers = fields
  }

  abort(): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    // A reset shows that the response is incomplete (RFC 9112 9.8).
    this.#path.transport.reset()
  }

  /** Pending bytes have left. */
  drained(): void {
    this.#runDone()
    // A callback may have written more.
    if (this.#path.transport.pendingBytes > 0) return
    if (this.#state === 'ended') this.#complete()
    else if (this.#isBehind) {
      this.#isBehind = false
      this.source?.drained()
    }
  }

  /** The connection is closed, or has another owner. */
  left(isReported: boolean): void {
    const wasComplete = this.isComplete
    this.#state = 'closed'
    if (isReported && !wasComplete) this.owner?.responseClosed(this)
    this.#runDone()
  }

  /** A transport that has just failed has nothing pending either. */
  #completeIfLeft(): void {
    const { transport } = this.#path
    if (transport.pendingBytes === 0 && !transport.isClosed) this.#complete()
  }

  #complete(): void {
    this.#state = 'closed'
    this.isComplete = true
    this.#runDone()
    this.owner?.responseClosed(this)
    this.#path.responseOver(this)
  }

  /** False if the body exceeds its length; the response is broken off. */
  #count(bytes: number): boolean {
    this.writtenBytes += bytes
    if (this.#framing !== 'length') return true
    this.#left -= bytes
    if (this.#left >= 0) return true
    this.abort()
    return false
  }

  #takeHead(): string {
    const head = this.#head
    this.#head = ''
    this.isHeadSent = true
    return head
  }

  #writePlain(piece: string | Uint8Array): boolean {
    const { transport } = this.#path
    if (this.#head === '') return transport.write(piece)
    const head = this.#takeHead()
    if (typeof piece === 'string') return transport.write(head + piece)
    if (piece.length <= maxTextBytes) return transport.write(head + textOf(piece))
    return transport.writeTwo(head, piece)
  }

  /** `tail`: what follows the chunk. */
  #writeChunk(piece: string | Uint8Array, tail: string): boolean {
    const { transport } = this.#path
    const before = `${this.#head === '' ? '' : this.#takeHead()}${piece.length.toString(16)}\r\n`
    const after = `\r\n${tail}`
    if (typeof piece === 'string') return transport.write(before + piece + after)
    if (piece.length <= maxTextBytes) return transport.write(before + textOf(piece) + after)
    transport.writeTwo(before, piece)
    return transport.write(after)
  }

  #endChunks(piece: string | Uint8Array): void {
    const trailers = this.#trailers === null ? '' : writtenFields(this.#trailers).text
    const tail = `0\r\n${trailers}\r\n`
    if (piece.length > 0) this.#writeChunk(piece, tail)
    else this.#path.transport.write(this.#head === '' ? tail : this.#takeHead() + tail)
  }

  #setText(list: FieldList): string {
    if (this.#set === null) return ''
    const fields = list instanceof PreparedFields ? list.fields : list
    let text = ''
    for (let at = 0; at < this.#set.length; at += 2) {
      const name = this.#set[at] as string
      if (fieldOf(fields, name.toLowerCase()) === undefined) text += `${name}: ${this.#set[at + 1]}\r\n`
    }
    return text
  }

  #whenLeft(done: () => void): void {
    if (this.#path.transport.pendingBytes === 0 || this.isClosed) done()
    else if (this.#done === null) this.#done = [done]
    else this.#done.push(done)
  }

  #runDone(): void {
    const all = this.#done
    if (all === null) return
    this.#done = null
    for (const done of all) done()
  }
}

const textOf = (piece: Uint8Array): string =>
  (Buffer.isBuffer(piece) ? piece : Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength)).toString(
    'latin1',
  )

function withoutLength(list: FieldList): readonly string[] {
  const fields = list instanceof PreparedFields ? list.fields : list
  const out: string[] = []
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] as string
    if (name.toLowerCase() !== 'content-length') out.push(name, fields[at + 1] as string)
  }
  return out
}
