/** Reads the bounded body of an admin request. */
import type { IncomingMessage } from 'node:http'

export const maxBody = 4_096

/**
 * Reads a request body; null if it is too long, and the rest is discarded. Rejects if the client disconnects.
 */
export async function readBody(req: IncomingMessage): Promise<string | null> {
  const pieces: Buffer[] = []
  let length = 0
  return await new Promise((resolve, reject) => {
    req.on('data', (piece: Buffer) => {
      length += piece.length
      if (length <= maxBody) pieces.push(piece)
      else resolve(null)
    })
    req.on('end', () => resolve(Buffer.concat(pieces).toString()))
    req.on('error', reject)
    req.on('close', () => reject(new Error('the client disconnected')))
  })
}
