import type { MountSettings, ServiceSettings, ServiceType } from '../../config/settings/settings.ts'
import type { HttpRequest, HttpResponse } from '../../http/message.ts'
import type { Closer } from '../../http/reply/reply.ts'
import type { CounterBlock } from '../../telemetry/metrics/counters.ts'
import type { Forward, Surroundings } from '../upstream/forward.ts'
import type { Reverse } from '../upstream/reverse.ts'
import type { UpstreamDeps } from '../upstream/upstream.ts'

export interface Files {
  handle(req: HttpRequest, res: HttpResponse, mount: MountSettings, path: string): Promise<void>
  /** Gives up the memory of what is held to be served again. */
  dropCaches(): void
}

/** What serves the decisions of a worker. */
export interface Services {
  forward?: Forward
  reverse?: Reverse
  files?: Files
}

export interface ServiceDeps {
  readonly pseudonym: string
  readonly closer: Closer
  readonly blockOf: (type: ServiceType) => CounterBlock
  /** Request fields that only we may set (`subjectHeadersOf`). */
  readonly subjectHeaders: ReadonlySet<string> | null
  readonly surroundings: Surroundings | undefined
}

/** Each service brings its modules when it is asked for: their memory and start time are its own. */
export async function loadServices(
  settings: readonly ServiceSettings[],
  deps: ServiceDeps,
): Promise<Services> {
  const services: Services = {}
  // A name for each service: from our forward proxy to our own reverse proxy is a way, and no loop.
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

/** Whom a forward proxy's client wants to reach need not know who its user is: `subjectHeaders` is for reverse only. */
async function upstreamDeps(
  { closer, blockOf }: ServiceDeps,
  type: ServiceType,
  nameFor: (type: ServiceType) => string,
  subjectHeaders: ReadonlySet<string> | null,
): Promise<UpstreamDeps> {
  const { Reclaimer } = await import('../../http/reclaim.ts')
  const pseudonym = nameFor(type)
  return { pseudonym, closer, reclaimer: new Reclaimer(), subjectHeaders, counters: blockOf(type) }
}
