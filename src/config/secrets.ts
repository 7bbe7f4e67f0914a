import type { Path } from './problem.ts'
import type { Config } from './schema.ts'

/** Values of a configuration that are never shown, neither in an error nor by `--check`. */
const secretPaths: readonly string[] = ['admin.token']

export function isSecret(path: Path): boolean {
  return secretPaths.includes(path.join('.'))
}

/** The configuration with *** for every secret, and where these are. */
export function hideSecrets(config: Config): {
  readonly shown: Config
  readonly hidden: readonly string[]
} {
  if (config.admin.token === undefined) return { shown: config, hidden: [] }
  return { shown: { ...config, admin: { ...config.admin, token: '***' } }, hidden: ['admin.token'] }
}
