/** Masks passwords of URLs in messages. Messages quote rejected values, so the URL may be malformed. */

const mask = '***'

/**
 * Masks one value: everything between `//` and the last `@`, even if a URL parser would not read it as user
 * information, such as a password with an unescaped slash. Without `//`, text with `@` may be `user:password@host`,
 * unless it is a path.
 */
export function maskUserinfo(value: string): string {
  const at = value.lastIndexOf('@')
  if (at === -1) return value
  if (value.startsWith('unix:/')) return value
  // A path that was resolved from a URL has a single slash.
  const slashes = /:[\\/]+|[\\/]{2,}/.exec(value.slice(0, at))
  if (slashes !== null) return `${value.slice(0, slashes.index + slashes[0].length)}${mask}${value.slice(at)}`
  if (!/^[./]/.test(value)) return `${mask}${value.slice(at)}`
  return value.replace(/\/[^/@:]*:[^/@]*@/g, `/${mask}@`)
}

/** Masks the URLs in a sentence, in linear time. */
export function maskUrls(text: string): string {
  return text.replace(/[^\s"']+/g, (word) => (/:[\\/]/.test(word) ? maskUserinfo(word) : word))
}
