/** The Max-Forwards field. */
import type { HttpRequest } from '../message.ts'

/**
 * How many proxies may still forward an OPTIONS or TRACE request (RFC 9110 7.6.2). Null for other methods and
 * for an invalid number, which is ignored.
 */
export function hopsLeft({ method, headers }: HttpRequest): number | null {
  if (method !== 'OPTIONS' && method !== 'TRACE') return null
  const value = headers['max-forwards']
  return typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : null
}

/** Subtracts one hop, in flat fields for the upstream. */
export function countHop(fields: string[], hops: number): void {
  for (let at = 0; at < fields.length; at += 2) {
    if (fields[at]?.toLowerCase() === 'max-forwards') fields[at + 1] = String(hops - 1)
  }
}
