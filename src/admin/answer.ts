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
