/** Finds the OpenTelemetry Collector binary for the tests. */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'

/** The component list of the Collector for the tests. */
export const manifestPath = join(import.meta.dirname, '../../collector/builder.yaml')

export const collectorFile = join(import.meta.dirname, '../../../otel-collector.yaml')

/**
 * Path of the Collector: BIFROST_COLLECTOR (such as an otelcol-contrib), or a path outside the tree that
 * depends on the manifest.
 */
export function binaryPath(): string {
  const named = process.env['BIFROST_COLLECTOR']
  if (named !== undefined && named !== '') return named
  const hash = createHash('sha256').update(readFileSync(manifestPath)).digest('hex').slice(0, 16)
  const cache = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache')
  return join(cache, 'bifrost-bridge/collector', hash, 'otelcol')
}

/** Why there is no Collector, as the end of a sentence; null if there is one. */
export function whyNoCollector(): string | null {
  const path = binaryPath()
  if (!existsSync(path)) return `there is no ${path}: npm run collector:build`
  const lacking = missingComponents(path)
  return lacking.length === 0
    ? null
    : `${path} was built without ${lacking.join(', ')}; to try again delete it and run npm run collector:build`
}

const kinds = ['receivers', 'processors', 'connectors', 'exporters', 'extensions'] as const

type Components = Readonly<Record<string, readonly { readonly name: string }[]>>

/**
 * Components in otel-collector.yaml that the Collector lacks: the build leaves out those it could not fetch.
 */
function missingComponents(path: string): readonly string[] {
  const has = parse(spawnSync(path, ['components'], { encoding: 'utf8' }).stdout ?? '') as Components | null
  const needs = parse(readFileSync(collectorFile, 'utf8')) as Readonly<Record<string, object>>
  return kinds.flatMap((kind) => {
    const names = new Set(has?.[kind]?.map(({ name }) => name))
    const types = Object.keys(needs[kind] ?? {}).map((id) => id.split('/')[0] ?? '')
    return types.filter((type) => !names.has(type))
  })
}
