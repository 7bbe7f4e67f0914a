/** The Max-Forwards field. */
import { fieldOf } from './lookup.ts'

interface Countable {
  readonly method: string
  /** Flat. */
  readonly fields: readonly string[]
}

/**
 * How many proxies may still forward an OPTIONS or TRACE request (RFC 9110 7.6.2). Null for other methods and
 * for an invalid number, which is ignored.
 */
export function hopsLeft({ method, fields }: Countable): number | null {
  if (method !== 'OPTIONS' && method !== 'TRACE') return null
  const value = fieldOf(fields, 'max-forwards')
  return value !== undefined && /^\d{1,9}$/.test(value) ? Number(value) : null
}

/** Subtracts one hop, in flat fields for the upstream. */
export function countHop(fields: string[], hops: number): void {
  for (let at = 0; at < fields.length; at += 2) {
    if (fields[at]?.toLowerCase() === 'max-forwards') fields[at + 1] = String(hops - 1)
  }
}
