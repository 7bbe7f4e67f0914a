/** The admission of connections by the ledger of a chart. */
import type { ActorRefFrom } from 'xstate'
import type { workerMachine } from '../../actors/worker.ts'
import type { Admission } from '../proxy/exchange/admission.ts'
import { type CounterBlock, count } from '../telemetry/metrics/counters.ts'

export type WorkerActor = ActorRefFrom<typeof workerMachine>

/**
 * Connects a data plane to the ledger of a chart: the ledger's mode decides whether a connection is admitted,
 * and every connection is reported to it.
 */
export function ledgerAdmission(actor: WorkerActor, block: CounterBlock): Admission {
  const { ledger } = actor.getSnapshot().context
  return {
    open(_address, isMoved = false) {
      const isAdmitted = ledger.getSnapshot().context.mode === 'admit'
      ledger.send({ type: 'conn.opened' })
      if (!isAdmitted) count(block, 'connectionsRefused')
      else if (!isMoved) count(block, 'connectionsTotal')
      if (isAdmitted) count(block, 'connectionsActive')
      return isAdmitted
    },
    identify: () => true,
    close() {
      // After a drain has timed out, the ledger is gone before the last connection ends.
      if (actor.getSnapshot().status === 'active') ledger.send({ type: 'conn.closed' })
      count(block, 'connectionsActive', -1)
    },
  }
}
