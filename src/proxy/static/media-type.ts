/** Content-Type and Cache-Control by file name. */
import { extname } from 'node:path'
import mime from 'mime'

const textTypes = /^text\/|^application\/(?:json|xml|manifest\+json)$|^image\/svg\+xml$/

/** Content-Type for a file name. Text is declared as UTF-8, an unknown extension as bytes. */
export function contentTypeOf(name: string): string {
  const extension = extname(name)
  const type = extension === '' ? null : mime.getType(extension)
  if (type === null) return 'application/octet-stream'
  return textTypes.test(type) ? `${type}; charset=utf-8` : type
}

/**
 * Pages name the assets of one release, so clients revalidate them on every use; assets stay fresh for an
 * hour, also in SPA mode (B001, NB001). Both carry validators, so revalidation costs a 304. Shared caches
 * never keep restricted content.
 */
export function cacheControlOf(type: string, isPage: boolean, isPrivate: boolean): string {
  const who = isPrivate ? 'private' : 'public'
  if (isPage || type.startsWith('text/html')) return isPrivate ? 'private, no-cache' : 'no-cache'
  return `${who}, max-age=3600`
}
