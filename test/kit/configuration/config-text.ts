/** Loads configurations and reads their errors. */
import { tmpdir } from 'node:os'
import { type LoadedConfig, parseConfig } from '../../../src/config/load.ts'
import type { WorkerSettings } from '../../../src/config/settings/settings.ts'
import { BifrostError } from '../../../src/errors.ts'

/** Loads a configuration given as text or as a value; relative directories start from `baseDir`. */
export function load(config: unknown, baseDir: string = tmpdir()): LoadedConfig {
  const text = typeof config === 'string' ? config : JSON.stringify(config, null, 2)
  return parseConfig(text, { file: 'bifrost.json', baseDir })
}

/** The lines of CONFIG_INVALID; empty if the configuration is valid. */
export function problems(config: unknown, baseDir?: string): readonly string[] {
  return errorOf(() => load(config, baseDir), 'CONFIG_INVALID')?.message.split('\n') ?? []
}

/** The problems without `bifrost.json:line:column `. */
export function messages(config: unknown, baseDir?: string): readonly string[] {
  return problems(config, baseDir).map((line) => line.replace(/^bifrost\.json:\d+:\d+:? /, ''))
}

/** The error that a call throws, which must be a BifrostError with that code. */
export function errorOf(call: () => unknown, code: BifrostError['code']): BifrostError | undefined {
  try {
    call()
    return undefined
  } catch (error) {
    if (error instanceof BifrostError && error.code === code) return error
    throw error
  }
}

/** The worker of that name; throws for an unknown name. */
export function worker(config: unknown, name: string, baseDir?: string): WorkerSettings {
  const { workers } = load(config, baseDir).settings
  const found = workers.find((one) => one.name === name)
  if (found === undefined) throw new Error(`no worker ${name} among ${workers.map((one) => one.name)}`)
  return found
}
