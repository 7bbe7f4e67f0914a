/** Settings of `tracing`, with defaults from OTEL_* variables. */

import { mountPrefix } from '../address/mount-prefix.ts'
import type { Config } from '../schema/schema.ts'
import type { TracingSettings } from '../settings/tracing.ts'
import type { OtelEnvironment } from './environment.ts'

type Tracing = NonNullable<Config['workers']['static_files']>['tracing']

/** Defaults for keys that a worker does not set. */
export type TracingDefaults = Pick<TracingSettings, 'sampleRatio' | 'parentBased' | 'formats'>

/** Keys that a route does not set are inherited from the worker. */
export function tracingSettings(block: Tracing, defaults: TracingDefaults): TracingSettings {
  const { context, trust, routes } = block
  const { sample_ratio: sampleRatio = defaults.sampleRatio } = block
  return {
    sampleRatio,
    parentBased: block.parent_based ?? defaults.parentBased,
    context,
    formats: block.formats ?? defaults.formats,
    trustsProxiesOnly: trust === 'proxies',
    routes: routes
      .map((route) => ({
        pathPrefix: Buffer.from(mountPrefix(route.path)).toString('latin1'),
        sampleRatio: route.sample_ratio ?? sampleRatio,
        context: route.context ?? context,
      }))
      .sort((one, other) => other.pathPrefix.length - one.pathPrefix.length),
  }
}

const samplers = ['always_on', 'always_off', 'traceidratio'] as const

const samplerWords = {
  here: [...samplers, ...samplers.map((sampler) => `parentbased_${sampler}` as const)],
  elsewhere: ['jaeger_remote', 'parentbased_jaeger_remote', 'xray'],
}

const propagatorWords = {
  here: ['tracecontext', 'baggage', 'b3', 'b3multi', 'none'],
  elsewhere: ['jaeger', 'xray', 'ottrace'],
} as const

/** From OTEL_TRACES_SAMPLER, OTEL_TRACES_SAMPLER_ARG and OTEL_PROPAGATORS; `env` is null if they must be ignored. */
export function tracingDefaults(env: OtelEnvironment | null): TracingDefaults {
  const propagators = env?.words('OTEL_PROPAGATORS', propagatorWords) ?? ['tracecontext', 'baggage']
  return {
    ...samplerOf(env),
    formats: propagators.includes('none') ? [] : propagators.filter((format) => format !== 'none'),
  }
}

/** Unlike a service, a proxy starts no traces unless configured. */
function samplerOf(env: OtelEnvironment | null): Omit<TracingDefaults, 'formats'> {
  const [word] = env?.words('OTEL_TRACES_SAMPLER', samplerWords) ?? []
  if (env === null || word === undefined) return { sampleRatio: 0, parentBased: true }
  const parentBased = word.startsWith('parentbased_')
  if (word.endsWith('always_on')) return { sampleRatio: 1, parentBased }
  if (word.endsWith('always_off')) return { sampleRatio: 0, parentBased }
  const ratio = env.read(['OTEL_TRACES_SAMPLER_ARG'], 'must be a number from 0 to 1', (value) =>
    Number(value) >= 0 && Number(value) <= 1 ? Number(value) : undefined,
  )
  return { sampleRatio: ratio ?? 1, parentBased }
}
