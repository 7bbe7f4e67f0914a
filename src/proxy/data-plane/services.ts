/** Loads the services of a worker. */
import type { MountSettings, ServiceSettings, ServiceType } from '../../config/settings/settings.ts'
import type { CoarseClock } from '../../http/clock.ts'
import type { HttpRequest, HttpResponse } from '../../http/message/message.ts'
import type { Closer } from '../../http/reply/closer.ts'
import type { CounterBlock } from '../../telemetry/metrics/counters.ts'
import type { Forward, Surroundings } from '../upstream/forward.ts'
import type { Reverse } from '../upstream/reverse.ts'
import type { UpstreamDeps } from '../upstream/upstream.ts'

export interface Files {
  handle(req: HttpRequest, res: HttpResponse, mount: MountSettings, path: string): Promise<void>
  /** Frees the memory of cached files. */
  dropCaches(): void
}

/** The services of a worker. */
export interface Services {
  forward?: Forward
  reverse?: Reverse
  files?: Files
}

export interface ServiceDeps {
  readonly pseudonym: string
  readonly closer: Closer
  readonly clock: CoarseClock
  readonly blockOf: (type: ServiceType) => CounterBlock
  /** Request fields that only this proxy may set (`subjectHeadersOf`). */
  readonly subjectHeaders: ReadonlySet<string> | null
  readonly surroundings: Surroundings | undefined
}

/** Imports each service on demand, so that a worker pays memory and start time only for the services it has. */
export async function loadServices(
  settings: readonly ServiceSettings[],
  deps: ServiceDeps,
): Promise<Services> {
  const services: Services = {}
  // One name per service: the forward proxy may reach the reverse proxy of the same worker, which must not
  // look like a loop.
  const nameFor = (type: ServiceType) => (settings.length > 1 ? `${deps.pseudonym}-${type}` : deps.pseudonym)
  for (const service of settings) {
    switch (service.type) {
      case 'forward': {
        const { Forward } = await import('../upstream/forward.ts')
        services.forward = new Forward(
          service,
          await upstreamDeps(deps, service.type, nameFor, null),
          deps.surroundings,
        )
        break
      }
      case 'reverse': {
        const { Reverse } = await import('../upstream/reverse.ts')
        services.reverse = new Reverse(
          service,
          await upstreamDeps(deps, service.type, nameFor, deps.subjectHeaders),
        )
        break
      }
      case 'static': {
        const { createStatic } = await import('../static/static.ts')
        services.files = createStatic(service, { counters: deps.blockOf('static') })
        break
      }
    }
  }
  return services
}

/**
 * `subjectHeaders` is for the reverse proxy only: a destination of the forward proxy need not know who its
 * user is.
 */
async function upstreamDeps(
  { closer, clock, blockOf }: ServiceDeps,
  type: ServiceType,
  nameFor: (type: ServiceType) => string,
  subjectHeaders: ReadonlySet<string> | null,
): Promise<UpstreamDeps> {
  const { Reclaimer } = await import('../../http/reclaim.ts')
  const pseudonym = nameFor(type)
  return { pseudonym, closer, clock, reclaimer: new Reclaimer(), subjectHeaders, counters: blockOf(type) }
}
