/** Sends a span of a file as a response body, with bounded memory. */
import type { HttpResponse } from '../../http/message/message.ts'
import type { ByteSpan } from './range.ts'

// At most two pieces per response are held, one on its way out and one read ahead: a thousand slow readers hold
// 128 MiB. The two are used in turn, because fresh ones for a large file pile up until they are collected.
const pieceBytes = 64 * 1024

type Read = (into: Uint8Array, position: number) => Promise<number>

/** Over a connection that other responses share, where a thousand streams are not a thousand connections. */
const sharedPieceBytes = 32 * 1024

/**
 * Sends a span of a file as the body and ends the response. A piece is read while the client takes the one
 * before, if there is room for both. Resolves when everything was handed to the kernel or the client left, and
 * no read is under way. A file that turns out shorter than its Content-Length, or cannot be read on, ends the
 * connection: the head is gone, so nothing else can report it.
 */
export async function sendSpan(res: HttpResponse, span: ByteSpan, read: Read): Promise<void> {
  if (span.length === 0) return finished(res)
  const largest = Math.min(res.room === undefined ? pieceBytes : sharedPieceBytes, span.length)
  const end = span.start + span.length
  let position = span.start
  await res.room?.(largest)
  if (res.isClosed) return
  let going = Buffer.allocUnsafeSlow(largest)
  let free: typeof going | undefined
  let reading = readOrNone(going)
  // A failed read ends the body like the end of the file, and must not be an unhandled rejection until it is
  // waited for.
  function readOrNone(into: Uint8Array): Promise<number> {
    return read(into, position).catch(() => 0)
  }
  for (;;) {
    const bytes = await reading
    if (res.isClosed) return
    if (bytes === 0) {
      res.abort()
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
      if (res.isClosed) return
      going = Buffer.allocUnsafeSlow(largest)
      reading = readOrNone(going.subarray(0, next))
    }
  }
}

const nothing = Buffer.allocUnsafeSlow(0)

/** Resolves when the piece has left this process, so that its memory may be used again, or the client left. */
const written = (res: HttpResponse, piece: Uint8Array): Promise<void> =>
  new Promise((resolve) => {
    res.write(piece, resolve)
  })

/** Ends the response; resolves when it was handed to the kernel or the client left. */
export const finished = (res: HttpResponse, last?: string | Uint8Array): Promise<void> =>
  new Promise((resolve) => {
    res.end(last, resolve)
  })
