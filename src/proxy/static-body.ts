import type { ServerResponse } from 'node:http'
import type { ByteSpan } from './static-range.ts'

// One piece per response is all that is held: a thousand slow readers hold 64 MiB.
const pieceBytes = 64 * 1024

type Read = (into: Uint8Array, position: number) => Promise<number>

/**
 * Sends a span of a file as the body and ends the response; one piece at a time, the next one is read when the client
 * has taken the last. Resolves when all was handed to the socket or the client went away. A file that turns out shorter
 * than its Content-Length, or cannot be read any more, ends the connection: the head is gone, nothing else says it.
 */
export async function sendSpan(res: ServerResponse, span: ByteSpan, read: Read): Promise<void> {
  let position = span.start
  const end = span.start + span.length
  while (position < end) {
    const piece = Buffer.allocUnsafeSlow(Math.min(pieceBytes, end - position))
    const bytes = await read(piece, position).catch(() => 0)
    // Writing to a response whose connection is gone would be an unhandled error event.
    if (res.destroyed) return
    if (bytes === 0) {
      breakOff(res)
      return
    }
    position += bytes
    const filled = bytes === piece.byteLength ? piece : piece.subarray(0, bytes)
    if (position === end) res.end(filled)
    else if (!res.write(filled)) await until(res, 'drain')
    if (res.destroyed) return
  }
  await finished(res)
}

/** Ends the response (with a short body) and resolves when it was handed to the socket or the client went away. */
export async function finished(res: ServerResponse, body?: string): Promise<void> {
  if (res.destroyed) return
  if (!res.writableEnded) res.end(body)
  if (!res.writableFinished) await until(res, 'finish')
}

function until(res: ServerResponse, event: 'drain' | 'finish'): Promise<void> {
  if (res.destroyed) return Promise.resolve()
  return new Promise((resolve) => {
    const settle = () => {
      res.off(event, settle)
      res.off('close', settle)
      resolve()
    }
    res.on(event, settle)
    res.on('close', settle)
  })
}

/** A response that waits behind another one on its connection has no socket yet; its request has. */
function breakOff(res: ServerResponse): void {
  res.req.socket.destroy()
  res.destroy()
}
