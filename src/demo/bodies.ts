/** Large bodies of the demo upstream, streamed. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline, Readable } from 'node:stream'

const piece = Buffer.alloc(64 * 1024, 'bifrost ')

/** Responds with `size` bytes, produced as the client reads them. Ends when the client disconnects. */
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

/** Counts and discards a request body; responds with the count. */
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

/** Ignores the error of a disconnected client; both sides are closed. Without a listener it would be unhandled. */
function ended(): void {}
