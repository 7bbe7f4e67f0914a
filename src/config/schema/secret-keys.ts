/** Which keys hold secrets, and how to hide their values. */
import { formatPath, type Path } from '../text/problem.ts'
import type { Config } from './schema.ts'

/** Headers of exports, by any name. */
const isHeader = (path: Path): boolean => path.length > 2 && path[0] === 'telemetry' && path[1] === 'headers'

const isAdminToken = (path: Path): boolean => path.length === 2 && path[0] === 'admin' && path[1] === 'token'

/** `auth` of a worker and what is in it: the keys below the worker; null for any other path. */
function inAuth([root, , block, ...inside]: Path): Path | null {
  return (root === 'workers' || root === 'worker_separation') && block === 'auth' ? inside : null
}

/** A value that `--check` never shows. */
function isHidden(path: Path): boolean {
  const inside = inAuth(path)
  return (
    isAdminToken(path) ||
    isHeader(path) ||
    (inside?.length === 3 && inside[0] === 'users' && inside[2] === 'password')
  )
}

/** `auth` itself, its list of users, one user, and the name or password of one. */
const mayBeSecret = /^(?:|users(?:\.\d+(?:\.(?:name|password))?)?)$/

/**
 * Whether no message shows the value: a secret, or something else in a place where a secret may be by mistake, such as a text in place
 * of the object with the secret in it, or `name:password` as a name.
 */
export function isSecret(path: Path): boolean {
  const inside = inAuth(path)
  const isBlock = path.length === 1 && (path[0] === 'admin' || path[0] === 'telemetry')
  const isHeaders = path.length === 2 && path[0] === 'telemetry' && path[1] === 'headers'
  return isHidden(path) || isBlock || isHeaders || (inside !== null && mayBeSecret.test(inside.join('.')))
}

/** Replaces every secret with ***; `hidden` lists their paths. */
export function hideSecrets(config: Config): {
  readonly shown: Config
  readonly hidden: readonly string[]
} {
  const hidden: string[] = []
  const hide = (value: unknown, path: Path): unknown => {
    if (typeof value === 'string' && isHidden(path)) {
      hidden.push(formatPath(path))
      return '***'
    }
    if (typeof value !== 'object' || value === null) return value
    if (Array.isArray(value)) return value.map((part, at) => hide(part, [...path, at]))
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, hide(part, [...path, key])]))
  }
  const shown = hide(config, []) as Config
  return { shown, hidden }
}
