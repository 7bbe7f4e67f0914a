/** Keeps passwords of URLs out of messages. A message shows what was rejected, so the URL may be broken in any way. */

const mask = '***'

/**
 * One value: everything between `//` and the last `@` is left out, also what a URL parser would not take for a user name or a
 * password, such as a password with an unescaped slash. Without `//` a text with `@` may be `user:password@host`, unless it is a path.
 */
export function maskUserinfo(value: string): string {
  const at = value.lastIndexOf('@')
  if (at === -1) return value
  if (value.startsWith('unix:/')) return value
  // A path that was made of a URL has one slash.
  const slashes = /:[\\/]+|[\\/]{2,}/.exec(value.slice(0, at))
  if (slashes !== null) return `${value.slice(0, slashes.index + slashes[0].length)}${mask}${value.slice(at)}`
  if (!/^[./]/.test(value)) return `${mask}${value.slice(at)}`
  return value.replace(/\/[^/@:]*:[^/@]*@/g, `/${mask}@`)
}

/** The URLs in a sentence. Linear: a word is looked at once. */
export function maskUrls(text: string): string {
  return text.replace(/[^\s"']+/g, (word) => (/:[\\/]/.test(word) ? maskUserinfo(word) : word))
}
