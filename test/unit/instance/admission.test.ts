import { expect, test } from 'vitest'
import { ledgerAdmission, type WorkerActor } from '../../../src/instance/admission.ts'
import { createCounterBlock, readCounters } from '../../../src/telemetry/metrics/counters.ts'

test('a connection that another instance has accepted is active here, and not accepted again', () => {
  const events: string[] = []
  const ledger = {
    getSnapshot: () => ({ context: { mode: 'admit' } }),
    send: ({ type }: { type: string }) => events.push(type),
  }
  const actor = { getSnapshot: () => ({ status: 'active', context: { ledger } }) } as unknown as WorkerActor
  const block = createCounterBlock()
  const admission = ledgerAdmission(actor, block)
  admission.open('127.0.0.1')
  admission.open('127.0.0.1', true)
  const { connectionsTotal, connectionsActive } = readCounters(block)
  expect([connectionsTotal, connectionsActive, events]).toEqual([1, 2, ['conn.opened', 'conn.opened']])
  admission.close('127.0.0.1')
  expect(events.at(-1)).toBe('conn.closed')
})
