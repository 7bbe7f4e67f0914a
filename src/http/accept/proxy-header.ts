/** Reads the PROXY header from an accepted socket. */
import type { Socket } from 'node:net'
import type { CoarseClock, Timed } from '../clock.ts'
import { type ProxyHeader, parseProxyHeader } from './proxy-protocol.ts'

/**
 * Reads the PROXY header at the start of a connection, for at most `waitMs`. Bytes after the header stay in the
 * paused socket, for TLS or `transportOf`. `done` gets null if the header is missing, wrong or late; it is not
 * called if the connection closes first.
 */
export function readProxyHeader(
  socket: Socket,
  clock: CoarseClock,
  waitMs: number,
  done: (header: ProxyHeader | null) => void,
): void {
  let bytes: Buffer = Buffer.alloc(0)
  const startedAt = clock.tick
  const look = (): void => {
    if (clock.isOver(startedAt, waitMs)) end(null)
  }
  const deadline: Timed = { place: -1, look }
  const forget = (): void => clock.delete(deadline)
  const end = (header: ProxyHeader | null): void => {
    forget()
    socket.pause()
    socket.off('data', read).off('end', cut).off('close', forget)
    if (header !== null && bytes.length > header.length) socket.unshift(bytes.subarray(header.length))
    done(header)
  }
  const cut = (): void => end(null)
  const read = (chunk: Buffer): void => {
    bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk])
    const parsed = parseProxyHeader(bytes)
    if (parsed === 'invalid') end(null)
    else if (parsed !== 'partial') end(parsed)
  }
  // The next reader of the socket adds a listener of its own; in between there would be none.
  clock.add(deadline)
  socket.on('error', ignore)
  socket.on('data', read).once('end', cut).once('close', forget)
  socket.resume()
}

const ignore = (): void => {}
