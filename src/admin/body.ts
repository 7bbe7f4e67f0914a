import type { IncomingMessage } from 'node:http'

export const maxBody = 4_096

/** Null when it is too long; what comes then is not kept. Rejects when the client goes away. */
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
    req.on('close', () => reject(new Error('the client has gone')))
  })
}
