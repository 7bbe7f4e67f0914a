/**
 * Rejects requests that a hostile page makes a browser send. Listening on loopback is no protection, because
 * a browser on this machine reaches it too. Pure.
 */
import { isIP } from 'node:net'

export interface RequestFacts {
  readonly method: string
  readonly host: string | undefined
  readonly origin: string | undefined
  /** Sec-Fetch-Site, -Mode and -Dest: the browser's report of the request's origin and purpose. */
  readonly site: string | undefined
  readonly mode: string | undefined
  readonly dest: string | undefined
}

export interface GuardPolicy {
  readonly scheme: 'http' | 'https'
  /**
   * Allowed names besides IP addresses and localhost, in lower case; null on a Unix socket, which browsers
   * cannot reach.
   */
  readonly hosts: readonly string[] | null
}

export interface Refusal {
  readonly status: 403
  readonly error: string
}

const refuse = (error: string): Refusal => ({ status: 403, error })

/** `example.com:9900` -> `example.com`, `[::1]:9900` -> `::1`; null if the field is malformed. */
function hostName(field: string): string | null {
  const bracketed = /^\[([\da-f:.]+)\](?::\d{0,5})?$/i.exec(field)?.[1]
  if (bracketed !== undefined) return bracketed
  return /^([a-z\d._-]+)(?::\d{0,5})?$/i.exec(field)?.[1]?.toLowerCase().replace(/\.$/, '') ?? null
}

/**
 * A hostile page can point its own hostname at this address (DNS rebinding), so unknown hostnames are
 * rejected. Addresses cannot be rebound.
 */
function isOurs(field: string, hosts: readonly string[]): boolean {
  const name = hostName(field)
  if (name === null) return false
  return isIP(name) !== 0 || name === 'localhost' || name.endsWith('.localhost') || hosts.includes(name)
}

/** Null if the request may continue. */
export function guardRefusal(facts: RequestFacts, { scheme, hosts }: GuardPolicy): Refusal | null {
  if (hosts === null) return null
  const { method, host, origin, site, mode, dest } = facts
  if (host === undefined || !isOurs(host, hosts))
    return refuse('the Host is unknown; use its address or localhost, or add the name to admin.hosts')
  if (origin !== undefined && origin.toLowerCase() !== `${scheme}://${host.toLowerCase()}`)
    return refuse('the Origin does not match the Host')
  if (site === undefined || site === 'same-origin' || site === 'none') return null
  // A link to the page is allowed from anywhere: the page that has the link cannot read what it opens.
  const isLink = (method === 'GET' || method === 'HEAD') && mode === 'navigate' && dest === 'document'
  return isLink ? null : refuse('requests from pages of another origin are not allowed')
}
