/** Requests of pipelining attackers, and their right answers. */
import type { PipelinedRequest } from '../../kit/attacks/pipelining.ts'

export const get = (target: string, status: number, body: string | null = null): PipelinedRequest => ({
  bytes: `GET ${target} HTTP/1.1\r\nHost: h\r\n\r\n`,
  status,
  body,
})

export const head = (target: string, status: number): PipelinedRequest => ({
  bytes: `HEAD ${target} HTTP/1.1\r\nHost: h\r\n\r\n`,
  status,
  body: null,
  isHead: true,
})

/** An upload; the echo origin answers with its length. */
export const post = (target: string, path: string, length: number): PipelinedRequest => ({
  bytes: `POST ${target} HTTP/1.1\r\nHost: h\r\nContent-Length: ${length}\r\n\r\n${'x'.repeat(length)}`,
  status: 200,
  body: `POST ${path} ${length}`,
})

/** The request of the fault that led to these tests: 32 bytes, so that 2,000 of them are 64 KB. */
export const nope = (status: number, body: string | null = null): PipelinedRequest =>
  get('/nope', status, body)
