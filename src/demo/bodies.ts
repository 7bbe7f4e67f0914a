import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline, Readable } from 'node:stream'

const piece = Buffer.alloc(64 * 1024, 'bifrost ')

/** Answers with so many bytes, made as the client takes them. A client that goes away ends it. */
export function sendBytes(res: ServerResponse, size: number): void {
  res.writeHead(200, { 'Content-Type': 'application/octet-stream', 'Content-Length': size })
  let left = res.req.method === 'HEAD' ? 0 : size
  const source = new Readable({
    read() {
      const next = piece.subarray(0, Math.min(left, piece.length))
      left -= next.length
      this.push(next.length === 0 ? null : next)
    },
  })
  pipeline(source, res, ended)
}

/** Counts a body as it arrives and answers with the count; the bytes are dropped. */
export function acceptUpload(req: IncomingMessage, res: ServerResponse): void {
  let bytes = 0
  req.on('data', (chunk: Buffer) => {
    bytes += chunk.length
  })
  req.on('error', ended)
  req.on('end', () => {
    res.writeHead(200, { 'Content-Type': 'application/json' }).end(`${JSON.stringify({ bytes })}\n`)
  })
}

/** A client that went away is nobody's failure, but without a listener it would be an unhandled error. */
function ended(): void {
  // Both sides are closed by then.
}
