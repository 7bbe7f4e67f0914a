/** Looks at the first line of a connection before node:http parses it. */
import type { Socket } from 'node:net'

/** A line that is longer is judged by who reads the whole head. */
const maxBytes = 16 * 1024

const line = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+ [^ \t]+ HTTP\/\d\.\d\r$/

/**
 * Whether bytes begin with a request line as RFC 9112 3 has it: single spaces, CRLF, and HTTP. The parser of Node is more lenient: it skips
 * further spaces, and takes RTSP for HTTP. 'more' when the line is not complete.
 */
export function judgeFirstLine(bytes: Buffer): 'good' | 'bad' | 'more' {
  let at = 0
  while (bytes[at] === 0x0d || bytes[at] === 0x0a) at += 1
  const end = bytes.indexOf(0x0a, at)
  if (end !== -1) return line.test(bytes.toString('latin1', at, end)) ? 'good' : 'bad'
  // What cannot become a request line is not waited for.
  const isHopeful = at === bytes.length || /^[!-~]/.test(bytes.toString('latin1', at, at + 1))
  return isHopeful && bytes.length < maxBytes ? 'more' : 'good'
}

/**
 * Reads the first line of a connection and puts it back. `done` runs once, unless the socket fails before: with whether the line is good, or
 * with true when there is none to judge. Later requests of the connection are read by the parser alone, and only their spaces are looked
 * at (`request-line.ts`): to see all of their bytes would cost every request a copy.
 */
export function peekFirstLine(socket: Socket, done: (isGood: boolean) => void): void {
  let seen: Buffer | null = null
  const look = (): void => {
    const piece = socket.read() as Buffer | null
    if (piece !== null) seen = seen === null ? piece : Buffer.concat([seen, piece])
    const verdict = seen === null ? 'more' : judgeFirstLine(seen)
    if (verdict === 'more' && !hasEnded(socket)) return
    socket.off('readable', look)
    if (seen !== null) socket.unshift(seen)
    done(verdict !== 'bad')
  }
  // Nobody else listens yet; a failure closes the socket, and that is all there is to do.
  socket.on('error', ignore)
  socket.on('readable', look)
}

/** The peer's FIN has come; 'end' waits until all is read. */
const hasEnded = (socket: Socket): boolean =>
  (socket as unknown as { readonly _readableState: { readonly ended: boolean } })._readableState.ended

const ignore = (): void => {}
