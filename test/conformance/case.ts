import type { ServiceType } from '../../src/config/settings/settings.ts'
import type { Script } from '../kit/origins/recording-origin.ts'

/**
 * One row of the suite: the bytes that go in and what must hold. In `send` and `script`
 *
 *   {/path}   is the request target: `/path`, to a forward worker `http://ORIGIN/path`
 *   {host}    is the origin's authority
 */
export interface Case {
  readonly id: string
  /** Section that asks for it, such as `9112 3.2`. */
  readonly rfc: string
  readonly what: string
  /** Worker types that it applies to. */
  readonly on: readonly ServiceType[]
  /** Written piece by piece, each when the one before has been read as far as that can be known. */
  readonly send: string | readonly string[]
  /** The client ends its side after that. */
  readonly halfClose?: boolean
  /** Of the request, where the answer's framing depends on it. */
  readonly method?: 'HEAD'
  /** What the origin answers; by default 200 and `hello`. */
  readonly script?: Script
  readonly expect: Expectation
}

export interface Expectation {
  /** Status of each answer in order; where several are right, a list of them. Informational ones are answers too. */
  readonly statuses: readonly (number | readonly number[])[]
  /** The connection has ended after the last answer; when false it must serve another request. */
  readonly closes?: boolean
  /** The last answer's head came, and its body was broken off. */
  readonly breaks?: boolean
  /** Of the last answer. */
  readonly body?: string | RegExp
  readonly has?: Fields
  readonly lacks?: readonly string[]
  readonly origin?: OriginExpectation
}

export type Fields = Readonly<Record<string, string | RegExp>>

export interface OriginExpectation {
  /** Whole requests that reached it. */
  readonly requests?: number
  /** Request line of the last one. */
  readonly line?: string | RegExp
  readonly has?: Fields
  readonly lacks?: readonly string[]
  readonly body?: string
}

export const everywhere: readonly ServiceType[] = ['forward', 'reverse', 'static']
export const proxies: readonly ServiceType[] = ['forward', 'reverse']
export const origins: readonly ServiceType[] = ['reverse', 'static']

/** A request head of lines. */
export const head = (...lines: readonly string[]): string => `${lines.join('\r\n')}\r\n\r\n`

/** A GET with further fields. */
export const get = (...fields: readonly string[]): string =>
  head('GET {/} HTTP/1.1', 'Host: {host}', ...fields)

/** A POST with fields and a body as it stands. */
export const post = (fields: readonly string[], body = ''): string =>
  `${head('POST {/} HTTP/1.1', 'Host: {host}', ...fields)}${body}`

/** What is refused must end the connection and reach no origin. */
export const refused = (...statuses: readonly number[]): Expectation => ({
  statuses: [statuses],
  closes: true,
  origin: { requests: 0 },
})

/** What is refused without doubt about where the next request starts. */
export const declined = (...statuses: readonly number[]): Expectation => ({
  statuses: [statuses],
  origin: { requests: 0 },
})

export const served: Expectation = { statuses: [200], closes: false }
