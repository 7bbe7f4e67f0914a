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
 * mode (B001, NB001). Both carry validators, so that asking again costs a 304.
 */
export function cacheControlOf(type: string, isPage: boolean): string {
  return isPage || type.startsWith('text/html') ? 'no-cache' : 'public, max-age=3600'
}
