/** Masks passwords of URLs in messages. Messages quote rejected values, so the URL may be malformed. */

const mask = '***'

/**
 * One value. Left out are everything between `//` and the last `@`, also what a URL parser would not take for a user name or a
 * password, such as a password with an unescaped slash; a port that is not a number, which is a password if `@` was forgotten; and a
 * query, which may hold a key. Without `//` a text with `@` may be `user:password@host`, unless it is a path.
 */
export function maskUserinfo(value: string): string {
  const at = value.lastIndexOf('@')
  if (value.startsWith('unix:/')) return value.replace(/:[^/@:]*@/, `:${mask}@`)
  // A path that was made of a URL has one slash.
  const slashes = /:[\\/]+|[\\/]{2,}/.exec(at === -1 ? value : value.slice(0, at))
  if (slashes !== null) {
    const start = slashes.index + slashes[0].length
    const rest =
      at === -1 ? withoutPassword(value.slice(start)) : `${mask}${withoutPassword(value.slice(at))}`
    return value.slice(0, start) + rest.replace(/\?[\s\S]+/, `?${mask}`)
  }
  if (at === -1) return value
  if (!/^[./]/.test(value)) return `${mask}${value.slice(at)}`
  return value.replace(/\/[^/@:]*:[^/@]*@/g, `/${mask}@`)
}

/** `rest` begins with the host of a URL. What may stand behind a port in a sentence is no part of it. */
function withoutPassword(rest: string): string {
  const authority = /^[^\\/?#]*/.exec(rest)?.[0] ?? ''
  const colon = authority.indexOf(':', authority.lastIndexOf(']') + 1)
  if (colon === -1 || /^[\d:]*[.,;)]*$/.test(authority.slice(colon + 1))) return rest
  return `${rest.slice(0, colon + 1)}${mask}${rest.slice(authority.length)}`
}

/** The URLs in a sentence, and the paths that were made of one. Linear: a word is looked at once. */
export function maskUrls(text: string): string {
  return text.replace(/[^\s"']+/g, (word) => (mayHavePassword(word) ? maskUserinfo(word) : word))
}

const mayHavePassword = (word: string): boolean =>
  /:[\\/]/.test(word) || (word.includes(':') && word.lastIndexOf('@') > word.indexOf(':'))
