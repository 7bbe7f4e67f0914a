import type { ServiceType } from '../../src/config/settings/settings.ts'
import type { Script } from '../kit/origins/recording-origin.ts'

/** How the client is connected. */
export type Over = 'TCP' | 'TLS'

/**
 * One row of the suite: the bytes that go in and what must hold. Each row runs over TCP and over TLS, for each
 * of its worker types. In `send`, `script` and expected fields
 *
 *   {/path}   is the request target: `/path`, to a forward worker `http://ORIGIN/path`
 *   {host}    is the origin's authority
 *   {scheme}  is `http` over TCP and `https` over TLS
 */
export interface Case {
  readonly id: string
  /** Section that requires it, such as `9112 3.2`. */
  readonly rfc: string
  readonly what: string
  /** Worker types that the case applies to. */
  readonly on: readonly ServiceType[]
  /**
   * Bytes to write. Several pieces are written in turn, each after a pause in which the one before is
   * probably read.
   */
  readonly send: string | readonly string[]
  /** Sends the bytes once for every position, on a connection of its own, in two pieces split there. */
  readonly isSplitEverywhere?: boolean
  /** The client then ends its side. */
  readonly halfClose?: boolean
  /** Request method, if the framing of the response depends on it: of all requests, or of each response. */
  readonly method?: 'HEAD' | readonly ('GET' | 'HEAD')[]
  /** Response of the origin; by default 200 and `hello`. */
  readonly script?: Script
  readonly expect: Expectation
}

export interface Expectation {
  /** Status of each response in order, informational ones included; a list if several are correct. */
  readonly statuses: readonly (number | readonly number[])[]
  /**
   * Whether the connection ends after the last response; when false it must serve another request. `announced`:
   * it ends if the response contains `Connection: close`, and serves another request otherwise.
   */
  readonly closes?: boolean | 'announced'
  /** Whether the last response has a head and a broken-off body. */
  readonly breaks?: boolean
  /** Body of the last response. */
  readonly body?: string | RegExp
  readonly has?: Fields
  readonly lacks?: readonly string[]
  /** Trailer fields of the last response. */
  readonly trailers?: Fields
  /** Bytes that follow the last response, on a connection that was switched to another protocol. */
  readonly followedBy?: string
  readonly origin?: OriginExpectation
}

export type Fields = Readonly<Record<string, string | RegExp>>

export interface OriginExpectation {
  /** Whole requests that reached the origin. */
  readonly requests?: number
  /** Request line of the last request. */
  readonly line?: string | RegExp
  readonly has?: Fields
  readonly lacks?: readonly string[]
  readonly body?: string
  readonly trailers?: Fields
}

export const everywhere: readonly ServiceType[] = ['forward', 'reverse', 'static']
export const proxies: readonly ServiceType[] = ['forward', 'reverse']
export const origins: readonly ServiceType[] = ['reverse', 'static']

/** A request head with the given lines. */
export const head = (...lines: readonly string[]): string => `${lines.join('\r\n')}\r\n\r\n`

/** A GET with additional fields. */
export const get = (...fields: readonly string[]): string =>
  head('GET {/} HTTP/1.1', 'Host: {host}', ...fields)

/** A POST with the given fields and an unmodified body. */
export const post = (fields: readonly string[], body = ''): string =>
  `${head('POST {/} HTTP/1.1', 'Host: {host}', ...fields)}${body}`

/** A refused request: it must end the connection and must not reach the origin. */
export const refused = (...statuses: readonly number[]): Expectation => ({
  statuses: [statuses],
  closes: true,
  origin: { requests: 0 },
})

/** A refused request whose end is unambiguous, so the connection may be kept. */
export const declined = (...statuses: readonly number[]): Expectation => ({
  statuses: [statuses],
  origin: { requests: 0 },
})

export const served: Expectation = { statuses: [200], closes: false }
