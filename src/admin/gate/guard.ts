import { isIP } from 'node:net'

/**
 * Which requests are not even looked at: those that a page of somebody else has a browser send. A browser on this machine reaches
 * loopback too, so that an address is no protection from it. Pure.
 */
export interface RequestFacts {
  readonly method: string
  readonly host: string | undefined
  readonly origin: string | undefined
  /** Sec-Fetch-Site, -Mode and -Dest: what a browser says of where a request comes from, and what for. */
  readonly site: string | undefined
  readonly mode: string | undefined
  readonly dest: string | undefined
}

export interface GuardPolicy {
  readonly scheme: 'http' | 'https'
  /** Names besides IP addresses and localhost, in lower case; null on a Unix socket, which no browser can reach. */
  readonly hosts: readonly string[] | null
}

export interface Refusal {
  readonly status: 403
  readonly error: string
}

const refuse = (error: string): Refusal => ({ status: 403, error })

/** `example.com:9900` -> `example.com`, `[::1]:9900` -> `::1`; null for what is no host. */
function hostName(field: string): string | null {
  const bracketed = /^\[([\da-f:.]+)\](?::\d{0,5})?$/i.exec(field)?.[1]
  if (bracketed !== undefined) return bracketed
  return /^([a-z\d._-]+)(?::\d{0,5})?$/i.exec(field)?.[1]?.toLowerCase().replace(/\.$/, '') ?? null
}

/** A name that a page of somebody else can have lead here (DNS rebinding) is none of ours; an address cannot be made to. */
function isOurs(field: string, hosts: readonly string[]): boolean {
  const name = hostName(field)
  if (name === null) return false
  return isIP(name) !== 0 || name === 'localhost' || name.endsWith('.localhost') || hosts.includes(name)
}

/** Null: it may go on. */
export function refusalOf(facts: RequestFacts, { scheme, hosts }: GuardPolicy): Refusal | null {
  if (hosts === null) return null
  const { method, host, origin, site, mode, dest } = facts
  if (host === undefined || !isOurs(host, hosts))
    return refuse(
      'the Host is not one of this interface; use its address or localhost, or add the name to admin.hosts',
    )
  if (origin !== undefined && origin.toLowerCase() !== `${scheme}://${host.toLowerCase()}`)
    return refuse('the Origin is another one')
  if (site === undefined || site === 'same-origin' || site === 'none') return null
  // A link to the page may be followed from anywhere: the one that has it cannot read what it opens.
  const isLink = (method === 'GET' || method === 'HEAD') && mode === 'navigate' && dest === 'document'
  return isLink ? null : refuse('it comes from a page of another origin')
}
