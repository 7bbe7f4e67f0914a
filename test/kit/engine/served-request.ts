/** A request and a response of the server side of the engine, without their connection. */
import { type BodyPath, ServerRequest } from '../../../src/http/wire/server/request.ts'
import { type RequestHead, RequestHeadReader } from '../../../src/http/wire/server/request-head.ts'
import { type ResponsePath, ServerResponse } from '../../../src/http/wire/server/response.ts'
import { FakeTransport } from './fake-transport.ts'

const bounds = { maxHeadBytes: 16_384, maxFields: 100, maxTargetBytes: 8_192 }

/** Reads a head; `lines` are joined by CRLF. */
export function headOf(...lines: readonly string[]): RequestHead {
  const bytes = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
  const head = new RequestHeadReader(bounds).read(bytes, 0, bytes.length)
  if (head === null || typeof head === 'string') throw new Error(`no head: ${head}`)
  return head
}

/** Records what a request and its response ask of their connection. */
export class FakePath implements BodyPath, ResponsePath {
  readonly transport = new FakeTransport()
  isLast = false
  keepAliveSecs = 5
  readonly calls: string[] = []

  bodyWanted(): void {
    this.calls.push('wanted')
  }

  bodyPaused(): void {
    this.calls.push('paused')
  }

  responseOver(): void {
    this.calls.push('over')
  }
}

/** A request whose head has been read. */
export function served(...lines: readonly string[]) {
  const path = new FakePath()
  const request = new ServerRequest(headOf(...lines), path, true, 0)
  const response = new ServerResponse(request, path)
  return { path, request, response, transport: path.transport }
}

const get = ['GET / HTTP/1.1', 'Host: a']

/** A response whose end is recorded. */
export function answer(lines: readonly string[] = get) {
  const all = served(...lines)
  const ends: string[] = []
  all.response.owner = {
    responseClosed: ({ isComplete }) => ends.push(isComplete ? 'complete' : 'incomplete'),
  }
  return { ...all, ends }
}
