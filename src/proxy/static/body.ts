/** Sends a span of a file as a response body, with bounded memory. */
import type { HttpResponse } from '../../http/message.ts'
import type { ByteSpan } from './range.ts'

// Two pieces per response are all that is held, one on its way out and one read ahead: a thousand slow readers hold
// 128 MiB at most. The two are used in turn, because fresh ones for a large file pile up until they are collected.
const pieceBytes = 64 * 1024

type Read = (into: Uint8Array, position: number) => Promise<number>

/** Over a connection that other responses share, where a thousand streams are no thousand connections. */
const sharedPieceBytes = 32 * 1024

/**
 * Sends a span of a file as the body and ends the response; a piece is read while the client takes the one before, where there is room for
 * both, and none before there is room for it. Resolves when all was handed to the socket or the client went away, and no read is under way
 * any more. A file that turns out shorter than its Content-Length, or cannot be read on, ends the connection: the head is gone, nothing else
 * says it.
 */
export async function sendSpan(res: HttpResponse, span: ByteSpan, read: Read): Promise<void> {
  if (span.length === 0) return finished(res)
  const largest = Math.min(res.room === undefined ? pieceBytes : sharedPieceBytes, span.length)
  const end = span.start + span.length
  let position = span.start
  await res.room?.(largest)
  if (res.destroyed) return
  let going = Buffer.allocUnsafeSlow(largest)
  let free: typeof going | undefined
  let reading = readOrNone(going)
  // A failed read ends the body like the end of the file, and must not be an unhandled rejection until it is waited for.
  function readOrNone(into: Uint8Array): Promise<number> {
    return read(into, position).catch(() => 0)
  }
  for (;;) {
    const bytes = await reading
    // Writing to a response whose connection is gone would be an unhandled error event.
    if (res.destroyed) return
    if (bytes === 0) {
      res.destroy()
      return
    }
    position += bytes
    const piece = going.subarray(0, bytes)
    if (position === end) return finished(res, piece)
    const sent = written(res, piece)
    const next = Math.min(largest, end - position)
    const wait = res.room?.(next) ?? null
    if (wait === null) {
      const ahead = free ?? Buffer.allocUnsafeSlow(largest)
      reading = readOrNone(ahead.subarray(0, next))
      await sent
      free = going
      going = ahead
    } else {
      await sent
      // While the stream has no room, neither piece is kept.
      free = undefined
      going = nothing
      await wait
      if (res.destroyed) return
      going = Buffer.allocUnsafeSlow(largest)
      reading = readOrNone(going.subarray(0, next))
    }
  }
}

const nothing = Buffer.allocUnsafeSlow(0)

/** Resolves when the piece is out of this process, so that its memory may be used again, or the client went away. */
function written(res: HttpResponse, piece: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    res.once('close', resolve)
    res.write(piece, () => {
      res.off('close', resolve)
      resolve()
    })
  })
}

/** Ends the response and resolves when it was handed to the socket or the client went away. */
export function finished(res: HttpResponse, last?: string | Uint8Array): Promise<void> {
  if (res.destroyed) return Promise.resolve()
  return new Promise((resolve) => {
    res.once('close', resolve)
    res.end(last, () => {
      res.off('close', resolve)
      resolve()
    })
  })
}
