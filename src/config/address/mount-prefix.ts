/** The URL path prefix of a mount, a tracing route or a rate limit, in the one spelling that is compared. */

/** Strips a trailing slash; `/` stays and means everything. */
export function mountPrefix(path: string): string {
  return path === '/' ? path : path.replace(/\/$/, '')
}
