/** Comparison of entity tags. */

const entityTag = /(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g

/**
 * Whether If-Match or If-None-Match contains the strong entity tag `etag`; `*` matches all (RFC 9110 8.8.3
 * and 13.1).
 */
export function listsTag(list: string, etag: string, comparison: 'strong' | 'weak'): boolean {
  if (list.trim() === '*') return true
  const tags = list.match(entityTag) ?? []
  return tags.some((tag) => tag === etag || (comparison === 'weak' && tag === `W/${etag}`))
}
