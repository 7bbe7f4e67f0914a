/** The logs of an instance. */
import type { InstanceBoot, InstancePort } from '../supervise/channel/channel.ts'
import type { AccessLogs } from '../telemetry/access-log/access-log.ts'
import type { DescribeExchange } from '../telemetry/access-log/access-record.ts'
import type { Log } from '../telemetry/log/log.ts'
import { LogBounds } from '../telemetry/log/log-bounds.ts'
import { type CounterBlock, count } from '../telemetry/metrics/counters.ts'

/** The log of an instance, written by main. Repeated lines are limited here, before they are sent. */
export function boundedLog({ worker }: InstanceBoot, port: InstancePort): LogBounds {
  return LogBounds.ofInstance(worker.instances, (level, message, fields = {}) =>
    port.post({ type: 'log', level, message, fields }),
  )
}

/** Loads the access log modules only if a service has an access log or exchanges are exported. */
export async function openAccessLogs(
  { worker, id, postsExchanges }: InstanceBoot,
  port: InstancePort,
  block: CounterBlock | undefined,
  log: Log,
  describe: DescribeExchange,
): Promise<AccessLogs | null> {
  if (!postsExchanges && worker.services.every(({ accessLog }) => accessLog === null)) return null
  const { AccessLogs } = await import('../telemetry/access-log/access-log.ts')
  return new AccessLogs({
    worker: worker.name,
    instance: id,
    services: worker.services,
    describe,
    post: postsExchanges ? (records) => port.post({ type: 'exchanges', records }) : null,
    onDropped: (lines) => block !== undefined && count(block, 'logLinesDropped', lines),
    log,
  })
}
