/** Answers of the admin server as values. */
import { createHash } from 'node:crypto'
import type { ServerResponse } from 'node:http'

/** The answer to one admin request. */
export interface Answer {
  readonly status: number
  readonly type: string
  readonly body: string | Uint8Array
  readonly headers?: Readonly<Record<string, string>>
  /** Called with the response that carries this answer. */
  readonly onSend?: (res: ServerResponse) => void
}

export const json = (status: number, value: unknown, headers: Answer['headers'] = {}): Answer => ({
  status,
  type: 'application/json; charset=utf-8',
  body: `${JSON.stringify(value, null, 2)}\n`,
  headers,
})

/**
 * An answer that is constant for this version of the daemon: clients cache it and revalidate it by its tag.
 */
export const kept = (type: string, body: string | Uint8Array, tag: string): Answer => ({
  status: 200,
  type,
  body,
  headers: { 'Cache-Control': 'no-cache', ETag: tag },
})

/** A strong entity tag (RFC 9110 section 8.8.3) of the content. */
export const tagOf = (content: string | Uint8Array): string =>
  `"${createHash('sha256').update(content).digest('base64url')}"`
