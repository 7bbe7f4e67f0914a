import { createHash } from 'node:crypto'
import type { ServerResponse } from 'node:http'

/** What admin answers to one request. */
export interface Answer {
  readonly status: number
  readonly type: string
  readonly body: string | Uint8Array
  readonly headers?: Readonly<Record<string, string>>
  /** Hears of the response that it is sent with. */
  readonly onSend?: (res: ServerResponse) => void
}

export const json = (status: number, value: unknown, headers: Answer['headers'] = {}): Answer => ({
  status,
  type: 'application/json; charset=utf-8',
  body: `${JSON.stringify(value, null, 2)}\n`,
  headers,
})

/** Of what does not change while the daemon runs, but may with its next version: it is kept, and asked for by its tag each time. */
export const kept = (type: string, body: string | Uint8Array, tag: string): Answer => ({
  status: 200,
  type,
  body,
  headers: { 'Cache-Control': 'no-cache', ETag: tag },
})

/** A strong entity tag (RFC 9110 section 8.8.3) of content: another content has another one. */
export const tagOf = (content: string | Uint8Array): string =>
  `"${createHash('sha256').update(content).digest('base64url')}"`
