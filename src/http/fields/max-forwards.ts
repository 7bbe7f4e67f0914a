import type { HttpRequest } from '../message.ts'

/**
 * Max-Forwards (RFC 9110 7.6.2): a client of OPTIONS or TRACE says how many proxies may pass the request on. Null for other methods, and for
 * what is no number, which then means nothing.
 */
export function hopsLeft({ method, headers }: HttpRequest): number | null {
  if (method !== 'OPTIONS' && method !== 'TRACE') return null
  const value = headers['max-forwards']
  return typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : null
}

/** Counts a hop off, in flat fields that go upstream. */
export function countHop(fields: string[], hops: number): void {
  for (let at = 0; at < fields.length; at += 2) {
    if (fields[at]?.toLowerCase() === 'max-forwards') fields[at + 1] = String(hops - 1)
  }
}
