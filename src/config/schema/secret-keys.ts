/** Which keys hold secrets, and how to hide their values. */
import { formatPath, type Path } from '../text/problem.ts'
import type { Config } from './schema.ts'

/** Paths of values that neither an error nor `--check` shows. */
const secretPaths =
  /^(?:admin\.token|telemetry\.headers\..+|worker(?:s|_separation)\.[^.]+\.auth\.users\.\d+\.password)$/

/** Paths that can contain a secret by mistake: a user that is not an object may be a password. */
const mayHoldSecret =
  /^(?:worker(?:s|_separation)\.[^.]+\.auth\.users(?:\.\d+(?:\.password)?)?|telemetry\.headers)$/

export function isSecret(path: Path): boolean {
  const text = path.join('.')
  return secretPaths.test(text) || mayHoldSecret.test(text)
}

/** Replaces every secret with ***; `hidden` lists their paths. */
export function hideSecrets(config: Config): {
  readonly shown: Config
  readonly hidden: readonly string[]
} {
  const hidden: string[] = []
  const hide = (value: unknown, path: Path): unknown => {
    if (typeof value === 'string' && secretPaths.test(path.join('.'))) {
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
