/** Constructors for single values of the schema. Each states what it expects; errors and docs quote it. */
import { z } from 'zod'
import { unixPeer } from '../../http/address/address.ts'
import { notHttpUrl, readUpstreamUrl } from '../../http/address/upstream-url.ts'
import { parseAddress, parseListenerAddress } from '../address/address.ts'
import { networkFault, networkForm } from '../address/network.ts'
import { passwordForm, passwordForms } from '../secrets/password.ts'
import { maskUserinfo } from '../secrets/userinfo.ts'

interface FieldNotes {
  readonly description: string
  readonly unit?: string
}

/** Well below the maximum of Node's timers (2^31 ms), and longer than any connection should live. */
const maxSeconds = 7 * 24 * 3600

export function integer(min: number, max: number, notes: FieldNotes) {
  return z
    .number()
    .int()
    .min(min)
    .max(max)
    .meta({ ...notes, expects: `a whole number from ${min} to ${max}` })
}

export function seconds(description: string) {
  return z
    .number()
    .min(0.001)
    .max(maxSeconds)
    .meta({ description, unit: 's', expects: `a number of seconds from 0.001 to ${maxSeconds} (7 days)` })
}

export function secondsOrNever(description: string) {
  const expects = `a number of seconds from 0.001 to ${maxSeconds} (7 days), or 0 for no limit`
  return z
    .number()
    .min(0)
    .max(maxSeconds)
    .refine((value) => value === 0 || value >= 0.001)
    .meta({ description, unit: 's', expects })
}

export function percent(description: string) {
  return z.number().gt(0).max(100).meta({ description, unit: '%', expects: 'a number above 0, at most 100' })
}

export function flag(description: string) {
  return z.boolean().meta({ description, expects: 'true or false' })
}

export function text(description: string) {
  return z.string().max(4096).meta({ description, expects: 'text' })
}

/** A user name of Basic authentication (RFC 7617 2). */
export function userName(description: string) {
  return z
    .string()
    .regex(/^[^:\p{Cc}]{1,256}$/u)
    .meta({ description, expects: 'text of at most 256 characters without colon and control characters' })
}

/** A password hash or an encrypted text; never shown. */
export function password(description: string) {
  return z
    .string()
    .max(4096)
    .refine((value) => passwordForm(value) !== null)
    .meta({ description, expects: passwordForms })
}

/** Text that is never shown and fits into a header field. */
export function secret(description: string) {
  return z
    .string()
    .regex(/^[\x21-\x7e]{16,4096}$/)
    .meta({ description, expects: 'text of at least 16 characters, visible ASCII without spaces' })
}

/** Text with its own check; `fault` returns what is wrong with the text, or undefined. */
export function checkedText(
  expects: string,
  description: string,
  fault: (value: string) => string | undefined,
) {
  return z
    .string()
    .max(4096)
    .check((context) => {
      const message = fault(context.value)
      if (message !== undefined) context.issues.push({ code: 'custom', input: context.value, message })
    })
    .meta({ description, expects })
}

export function address(description: string) {
  return checkedText('host:port, such as "127.0.0.1:8080"', description, (value) => parseAddress(value).fault)
}

/** An IP address, a network in CIDR form, or `unix:` for every peer on a Unix socket. */
export function peers(description: string) {
  return checkedText(`${networkForm}, or "unix:"`, description, (value) =>
    value === unixPeer ? undefined : networkFault(value),
  )
}

export function listenerAddress(description: string) {
  const expects = 'host:port or unix:path, such as "0.0.0.0:443", "[::]:443" or "unix:/run/bifrost.sock"'
  return checkedText(expects, description, (value) => parseListenerAddress(value).fault)
}

export function file(description: string) {
  return checkedText('the path of a file', description, (value) =>
    value === '' || value.includes('\0') ? 'must be the path of a file' : undefined,
  )
}

/** A DNS name as in a certificate; the first label may be `*`. */
export function certificateName(description: string) {
  const expects = 'a host name, such as "example.com" or "*.example.com"'
  return checkedText(expects, description, (value) =>
    /^(\*\.)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i.test(value)
      ? undefined
      : `must be ${expects}`,
  )
}

const fieldName = /^[!#$%&'*+.^_`|~0-9a-z-]{1,100}$/i

/** A token (RFC 9110 5.6.2). */
export const isHeaderName = (name: string): boolean => fieldName.test(name)

export const grpcNames = 'letters, digits, "_", "-" and ".", not ending in -bin'

/** Header names with text values in gRPC; `-bin` names carry bytes. */
export const isGrpcHeaderName = (name: string): boolean =>
  /^[0-9a-z_.-]{1,100}$/i.test(name) && !/-bin$/i.test(name)

/** Schema of object keys that are header names. */
export const headerNameKey = z.string().regex(fieldName)

export function headerName(description: string) {
  return checkedText('the name of a header field', description, (value) =>
    isHeaderName(value) ? undefined : 'must be the name of a header field',
  )
}

/** Octal permission bits, as for chmod. */
export function fileMode(description: string) {
  return checkedText('octal permission bits as text, such as "0660"', description, (value) =>
    /^0?[0-7]{3}$/.test(value) ? undefined : 'must be octal permission bits as text, such as "0660"',
  )
}

export function upstreamUrl(description: string) {
  return httpUrl(description, 'an http: or https: URL, such as "http://127.0.0.1:3000"')
}

export function collectorUrl(description: string) {
  return httpUrl(description, collectorUrlForm)
}

const collectorUrlForm = 'an http: or https: URL, such as "http://127.0.0.1:4318"'

/** Returns what is wrong with the URL of a Collector; undefined if it is valid. */
export function collectorUrlFault(value: string): string | undefined {
  return urlFault(value, collectorUrlForm)
}

function httpUrl(description: string, expects: string) {
  return checkedText(expects, description, (value) => urlFault(value, expects))
}

function urlFault(value: string, expects: string): string | undefined {
  const { fault } = readUpstreamUrl(value)
  return fault === notHttpUrl ? `must be ${expects}` : fault
}

/** A header value; never shown. */
export function headerValue(description: string) {
  return z
    .string()
    .regex(/^[\x21-\x7e](?:[\x20-\x7e]{0,4094}[\x21-\x7e])?$/)
    .meta({ description, expects: 'text of visible ASCII characters, with spaces only between them' })
}

export function mountPath(description: string) {
  return checkedText('a path that starts with /, such as "/" or "/assets"', description, (value) => {
    if (!value.startsWith('/'))
      return `must start with /, such as ${JSON.stringify(`/${maskUserinfo(value)}`)}`
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a request path cannot contain them
    if (/[?#\\%\u0000-\u001f\u007f]/.test(value)) {
      return 'must be the plain, decoded path: without ? # % \\ and control characters'
    }
    const isOdd = value.includes('//') || value.split('/').some((part) => part === '.' || part === '..')
    return isOdd ? 'must have no empty, "." or ".." segments' : undefined
  })
}

export function directory(description: string) {
  return checkedText('the path of a directory', description, (value) =>
    value === '' || value.includes('\0') ? 'must be the path of a directory' : undefined,
  )
}

/** A file relative to the root_dir of its mount. */
export function fileBelow(description: string) {
  return checkedText('a file path relative to root_dir, such as "index.html"', description, (value) => {
    const parts = value.split('/')
    const leaves = parts.some((part) => part === '' || part === '.' || part === '..')
    return leaves || /[\0\\]/.test(value)
      ? 'must be a file path relative to root_dir, such as "index.html"'
      : undefined
  })
}
