import type { ActorRefFrom } from 'xstate'
import type { workerMachine } from '../../actors/worker.ts'
import type { Admission } from '../proxy/exchange/admission.ts'
import { type CounterBlock, count } from '../telemetry/metrics/counters.ts'

export type WorkerActor = ActorRefFrom<typeof workerMachine>

/** The edge's way to the ledger of a chart: its mode says whether a connection is admitted, and it hears of each. */
export function ledgerAdmission(actor: WorkerActor, block: CounterBlock): Admission {
  const { ledger } = actor.getSnapshot().context
  return {
    open() {
      const isAdmitted = ledger.getSnapshot().context.mode === 'admit'
      ledger.send({ type: 'conn.opened' })
      count(block, isAdmitted ? 'connectionsTotal' : 'connectionsRefused')
      if (isAdmitted) count(block, 'connectionsActive')
      return isAdmitted
    },
    identify: () => true,
    close() {
      // After a drain that ran out of time the ledger is gone before the last connection is.
      if (actor.getSnapshot().status === 'active') ledger.send({ type: 'conn.closed' })
      count(block, 'connectionsActive', -1)
    },
  }
}
