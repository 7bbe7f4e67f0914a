import { extname } from 'node:path'
import send from '@fastify/send'

// RFC 9239 made text/javascript the one type for scripts; the table is older.
const scripts = new Set(['application/javascript', 'text/javascript'])
const textTypes = /^text\/|^application\/(?:json|xml|manifest\+json)$|^image\/svg\+xml$/

/** Content-Type for a file name: text is told to be UTF-8, the unknown is bytes. */
export function contentTypeOf(name: string): string {
  const extension = extname(name)
  const known = extension === '' ? null : send.mime.getType(extension)
  if (known === null) return 'application/octet-stream'
  const type = scripts.has(known) ? 'text/javascript' : known
  return textTypes.test(type) ? `${type}; charset=utf-8` : type
}

/**
 * Pages name the assets of one release, so they are revalidated on every use; assets are kept for an hour, also in SPA
 * mode (B001, NB001). Both carry validators, so that asking again costs a 304.
 */
export function cacheControlOf(type: string, isPage: boolean): string {
  return isPage || type.startsWith('text/html') ? 'no-cache' : 'public, max-age=3600'
}
