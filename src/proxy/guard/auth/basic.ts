/** Basic credentials in a header field (RFC 7617). Pure. */

export interface Credentials {
  readonly user: string
  readonly password: string
}

/** The encoded credentials of a Basic field; null for another scheme or an empty value. */
export function basicToken(field: string): string | null {
  return /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(field)?.[1] ?? null
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Decodes credentials: UTF-8, a user name without colon, no control characters (RFC 7617 2). Null if they are
 * invalid.
 */
export function readCredentials(token: string): Credentials | null {
  let text: string
  try {
    text = utf8.decode(Buffer.from(token, 'base64'))
  } catch {
    return null
  }
  const colon = text.indexOf(':')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (colon === -1 || /[\u0000-\u001f\u007f]/.test(text)) return null
  return { user: text.slice(0, colon), password: text.slice(colon + 1) }
}

/** The challenge for Basic credentials; the realm must be visible ASCII. */
export const basicChallenge = (realm: string): string =>
  `Basic realm="${realm.replace(/["\\]/g, '\\$&')}", charset="UTF-8"`
