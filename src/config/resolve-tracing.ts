import { mountPrefix } from './mounts.ts'
import type { Config } from './schema.ts'
import type { TracingSettings } from './settings-tracing.ts'

type Tracing = NonNullable<Config['workers']['static_files']>['tracing']

/** What a route does not say is as for the worker. */
export function tracingSettings(block: Tracing): TracingSettings {
  const { sample_ratio, parent_based, context, formats, trust, routes } = block
  return {
    sampleRatio: sample_ratio,
    parentBased: parent_based,
    context,
    formats,
    trustsProxiesOnly: trust === 'proxies',
    routes: routes
      .map((route) => ({
        pathPrefix: Buffer.from(mountPrefix(route.path)).toString('latin1'),
        sampleRatio: route.sample_ratio ?? sample_ratio,
        context: route.context ?? context,
      }))
      .sort((one, other) => other.pathPrefix.length - one.pathPrefix.length),
  }
}
