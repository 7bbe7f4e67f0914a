import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { parseLimitsChange } from '../config/limits-change.ts'
import type { LimitControl } from '../supervise/limit-control.ts'
import { type Answer, json } from './answer.ts'

/**
 * `PATCH /limits/WORKER`: changes limits of a running worker. Only for whoever knows the token of the configuration; it is
 * checked before anything of the body is read.
 */
export interface LimitsAccess {
  readonly control: LimitControl
  /** Undefined: nobody may. */
  readonly token: string | undefined
}

const maxBody = 4_096

export async function patchLimits(
  req: IncomingMessage,
  worker: string,
  { control, token }: LimitsAccess,
): Promise<Answer> {
  if (req.method !== 'PATCH') return json(405, { error: 'only PATCH' }, { Allow: 'PATCH' })
  if (token === undefined) {
    const right = 'set "admin": { "token": "..." } (16 characters or more) in the configuration to allow it'
    return json(403, { error: `limits cannot be changed here; ${right}` })
  }
  if (!isToken(req.headers.authorization, token)) {
    const right = 'send "Authorization: Bearer TOKEN" with admin.token of the configuration'
    return json(401, { error: right }, { 'WWW-Authenticate': 'Bearer' })
  }
  const text = await readBody(req)
  if (text === null)
    return json(413, { error: `the body is longer than ${maxBody} bytes` }, { Connection: 'close' })
  const parsed = parseLimitsChange(text)
  if ('problems' in parsed) return json(400, { error: parsed.problems.join('; ') })
  const outcome = control.change(worker, parsed.change, req.socket.remoteAddress ?? 'unknown')
  if (outcome === null) return json(404, { error: `no worker is called ${worker}` })
  if ('problem' in outcome) return json(400, { error: outcome.problem })
  return json(200, { worker, changed: outcome.changed })
}

/** Takes the same time wherever the two differ, and however long they are. */
export function isToken(header: string | undefined, token: string): boolean {
  const given = /^Bearer +(\S+)$/i.exec(header ?? '')?.[1] ?? ''
  return timingSafeEqual(digest(given), digest(token))
}

const digest = (text: string) => createHash('sha256').update(text).digest()

/** Null when it is too long; what comes then is not kept. Rejects when the client goes away. */
async function readBody(req: IncomingMessage): Promise<string | null> {
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
  })
}
