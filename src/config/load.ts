/** Loads a configuration: read, parse, check against schema and rules, resolve to settings. */
import { dirname, resolve } from 'node:path'
import { BifrostError } from '../errors.ts'
import { type Positions, positionsOf } from './positions.ts'
import { canonical } from './resolve/canonical.ts'
import { resolveSettings } from './resolve/resolve.ts'
import { checkRules } from './rules/rules.ts'
import { warningsOf } from './rules/warnings.ts'
import { checkSchema } from './schema/check.ts'
import type { Config, ConfigInput } from './schema/schema.ts'
import { type Environment, Keyring } from './secrets/keyring.ts'
import type { DaemonSettings } from './settings/settings.ts'
import { parseText } from './text/parse.ts'
import { invalid, type Problem } from './text/problem.ts'
import { readConfigFile } from './text/read.ts'

export interface LoadedConfig {
  /** File name as given; for messages. */
  readonly file: string
  /** The canonical configuration with every default; for `--check`. */
  readonly effective: Config
  /** Number of `{encrypted}` values. */
  readonly secretsDecrypted: number
  /** Deeply frozen. */
  readonly settings: DaemonSettings
  /** Line and column of each setting; contains no values. */
  readonly positions: Positions
  /** Valid but probably unintended settings. */
  readonly warnings: readonly string[]
}

/**
 * Loads a configuration file: JSON, JSON with comments, or YAML. Relative directories start from its directory. Throws
 * CONFIG_UNREADABLE with one line, or CONFIG_INVALID with one line per problem.
 */
export function loadConfig(file: string): LoadedConfig {
  const bytes = readConfigFile(file)
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new BifrostError('CONFIG_UNREADABLE', `${file}: cannot be read: it is not UTF-8 text`, { cause })
  }
  return parseConfig(text, { file, baseDir: dirname(resolve(file)) })
}

export interface ParseOptions {
  /** For messages. */
  readonly file: string
  /** Base of relative directories. */
  readonly baseDir: string
  /** Has the key of `{encrypted}` values, and OTEL_* variables. */
  readonly env?: Environment
}

/** Like `loadConfig`, from text. Throws CONFIG_INVALID. */
export function parseConfig(text: string, { file, baseDir, env = process.env }: ParseOptions): LoadedConfig {
  const source = parseText(text)
  if (source.value === undefined) throw invalid(file, source.problems)
  const checked = checkSchema(source)
  const problems: Problem[] = [...source.problems, ...checked.problems]
  const keyring = new Keyring(env)
  checkRules({
    keyring,
    env,
    config: checked.sound,
    baseDir,
    isWritten: source.isWritten,
    report: (path, message) => problems.push({ ...source.locate(path), path, message }),
  })
  if (problems.length > 0) throw invalid(file, problems)
  // Without problems nothing was removed, so `sound` is the whole configuration.
  const effective = deepFreeze(canonical(checked.sound as ConfigInput, baseDir))
  let secretsDecrypted = 0
  const open = (value: string) => {
    const clear = keyring.open(value)
    if (clear !== value) secretsDecrypted += 1
    return clear
  }
  const settings = deepFreeze(resolveSettings(effective, open, env))
  const positions = positionsOf(file, source)
  return { file, effective, settings, secretsDecrypted, positions, warnings: warningsOf(settings) }
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.freeze(value)
    for (const part of Object.values(value)) deepFreeze(part)
  }
  return value
}
