import { extname } from 'node:path'
import mime from 'mime'

const textTypes = /^text\/|^application\/(?:json|xml|manifest\+json)$|^image\/svg\+xml$/

/** Content-Type for a file name: text is told to be UTF-8, the unknown is bytes. */
export function contentTypeOf(name: string): string {
  const extension = extname(name)
  const type = extension === '' ? null : mime.getType(extension)
  if (type === null) return 'application/octet-stream'
  return textTypes.test(type) ? `${type}; charset=utf-8` : type
}

/**
 * Pages name the assets of one release, so they are revalidated on every use; assets are kept for an hour, also in SPA
 * mode (B001, NB001). Both carry validators, so that asking again costs a 304. What is for some only is kept by no shared cache.
 */
export function cacheControlOf(type: string, isPage: boolean, isPrivate: boolean): string {
  const who = isPrivate ? 'private' : 'public'
  if (isPage || type.startsWith('text/html')) return isPrivate ? 'private, no-cache' : 'no-cache'
  return `${who}, max-age=3600`
}
