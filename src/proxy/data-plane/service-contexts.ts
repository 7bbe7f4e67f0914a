/** The service contexts of an instance, and records of connections that never became an exchange. */
import type {
  MountSettings,
  PaceSettings,
  ServiceType,
  WorkerSettings,
} from '../../config/settings/settings.ts'
import { BifrostError, type ErrorCode, errorTable } from '../../errors.ts'
import { nodeCrypto } from '../../http/builtin.ts'
import { bodyLength } from '../../http/reply/reply.ts'
import type { AccessLog } from '../../telemetry/access-log/access-record.ts'
import { type CounterBlock, count } from '../../telemetry/metrics/counters.ts'
import { Meter } from '../../telemetry/metrics/meter.ts'
import { errorId, methodId, routeId, serverKey } from '../../telemetry/metrics/series-key.ts'
import { TraceIds } from '../../telemetry/trace/sampling.ts'
import type { Decision } from '../decide/decide.ts'
import type { Connection } from '../exchange/connection.ts'
import { rejectedRecord } from '../exchange/rejected.ts'
import type { ServiceContext } from '../exchange/service-context.ts'
import type { DoorLimit, TrafficRecorder } from '../exchange/traffic.ts'
import type { SpanOutput } from '../trace/span-output.ts'
import { createTracer } from '../trace/tracer.ts'

export interface ServiceContextsOptions {
  readonly worker: WorkerSettings
  /**
   * Counter block of each service; in a combined worker, `combined` counts requests that belong to no
   * service.
   */
  readonly counters: Readonly<Partial<Record<ServiceType | 'combined', CounterBlock>>>
  readonly accessLogOf?: ((type: ServiceType | null) => AccessLog | null) | undefined
  /** Null or missing while telemetry is off: no spans are made. */
  readonly spans?: SpanOutput | null
}

/** Per-service counters, meter, log and tracer; also records connections rejected before a request. */
export class ServiceContexts {
  /** Context of requests that belong to no service. */
  readonly none: ServiceContext
  readonly #contexts: Readonly<Partial<Record<ServiceType, ServiceContext>>>
  readonly #mounts: ReadonlyMap<MountSettings, number>

  constructor(
    { worker, counters, accessLogOf, spans = null }: ServiceContextsOptions,
    boundsOf: (type: ServiceType | null) => PaceSettings,
    traffic: TrafficRecorder,
  ) {
    const ownBlock = counters[worker.type]
    if (ownBlock === undefined) throw new BifrostError('INTERNAL', `no counter block for ${worker.type}`)
    // Only one meter may write the series of a block.
    const meters = new Map<CounterBlock, Meter>()
    const meterOf = (block: CounterBlock): Meter => {
      const meter = meters.get(block) ?? new Meter(block)
      meters.set(block, meter)
      return meter
    }
    const blockOf = (service: ServiceType | null) =>
      (service === null ? undefined : counters[service]) ?? ownBlock
    let ids: TraceIds | null = null
    const traceIds = () => {
      ids ??= new TraceIds(nodeCrypto().randomFillSync)
      return ids
    }
    const tracers = worker.services.map((service) => createTracer(service, spans, traceIds))
    const contextOf = (service: ServiceType | null): ServiceContext => ({
      service,
      block: blockOf(service),
      meter: meterOf(blockOf(service)),
      bounds: boundsOf(service),
      accessLog: accessLogOf?.(service) ?? null,
      traffic,
      // Requests that belong to no service are traced by the rules of the first one.
      tracer:
        tracers[
          Math.max(
            0,
            worker.services.findIndex(({ type }) => type === service),
          )
        ] ?? null,
    })
    const mounts = worker.services.flatMap((service) => (service.type === 'static' ? service.mounts : []))
    this.#mounts = new Map(mounts.map((mount, index) => [mount, routeId(index)]))
    this.none = contextOf(null)
    this.#contexts = Object.fromEntries(worker.services.map(({ type }) => [type, contextOf(type)]))
  }

  /** Number of the request's route, see series-key.ts; 0 without a route. */
  routeOf(decision: Decision): number {
    switch (decision.kind) {
      case 'forward':
      case 'reverse':
        return routeId(0)
      case 'tunnel':
        return routeId(1)
      case 'static':
        return this.#mounts.get(decision.mount) ?? 0
      case 'reply':
        return 0
    }
  }

  of(type: ServiceType | null): ServiceContext {
    return (type === null ? undefined : this.#contexts[type]) ?? this.none
  }

  /** Records a connection that was not admitted; `sentBytes` were sent to it before it was closed. */
  refused(client: string, sentBytes: number, limit: DoorLimit): void {
    const { accessLog, traffic } = this.none
    const connection = { client, scheme: 'http' as const, received: 0, sent: sentBytes, headMs: 0 }
    const record = rejectedRecord(connection, 'OVER_LIMIT', null)
    traffic.refused(record, limit)
    accessLog?.write(record)
  }

  /**
   * Records a connection that ends because of an invalid or incomplete request head. There is no response time,
   * since there was no request to time.
   */
  rejected(
    connection: Connection,
    code: ErrorCode,
    isAnswered: boolean,
    requestId: string | null,
    answer: Buffer | null,
  ): void {
    const { block, accessLog, traffic, meter } = this.none
    connection.account(block, true)
    const { peer: client, scheme, received } = connection
    const sent = connection.sent + (answer?.length ?? 0)
    const headMs = connection.firstHeadMs(performance.now())
    if (isAnswered) {
      const { status } = errorTable[code]
      count(block, 'requestsTotal')
      if (status >= 500) count(block, 'requestsFailed')
      const error = status >= 500 ? errorId(code) : 0
      const key = serverKey(methodId(''), scheme === 'https', 0, status, error, 0)
      meter.sizes(
        meter.finished(key, Math.max(0, headMs) / 1000),
        0,
        answer === null ? 0 : bodyLength(answer),
      )
    }
    const record = rejectedRecord({ client, scheme, received, sent, headMs }, code, requestId)
    traffic.note(record)
    accessLog?.write(record)
  }
}
