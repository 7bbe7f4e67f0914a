import { describe, expect, test } from 'vitest'
import { createActor } from 'xstate'
import { workerSystemId } from '../../../actors/ledger.ts'
import { workerMachine } from '../../../actors/worker.ts'

function startWorker(maxConnections: number) {
  const worker = createActor(workerMachine, {
    systemId: workerSystemId,
    input: { maxConnections, drainTimeoutMs: 60_000 },
  })
  worker.subscribe({ error: () => {} })
  worker.start()
  const { ledger } = worker.getSnapshot().context
  return {
    worker,
    open: (times = 1) => {
      for (let n = 0; n < times; n++) ledger.send({ type: 'conn.opened' })
    },
    close: (times = 1) => {
      for (let n = 0; n < times; n++) ledger.send({ type: 'conn.closed' })
    },
    ledger: () => ledger.getSnapshot().context,
    state: () => worker.getSnapshot().value,
  }
}

describe('ledger and worker chart', () => {
  test('admits exactly max_connections and refuses the next', () => {
    const { open, ledger, state } = startWorker(3)
    open(5)
    expect(ledger()).toMatchObject({ active: 3, refused: 2, mode: 'refuse' })
    expect(state()).toBe('saturated')
  })

  test('admits again as soon as a place is free', () => {
    const { open, close, ledger, state } = startWorker(3)
    open(4)
    close()
    expect(state()).toBe('accepting')
    open()
    expect(ledger()).toMatchObject({ active: 3, refused: 1 })
  })

  test('takes its mode only from the chart', () => {
    const { worker, open, ledger, state } = startWorker(3)
    worker.send({ type: 'limit.exceeded', reasons: ['memory'] })
    open()
    expect(state()).toBe('degraded')
    expect(ledger()).toMatchObject({ active: 0, refused: 1 })
    worker.send({ type: 'limit.recovered' })
    open()
    expect(state()).toBe('accepting')
    expect(ledger()).toMatchObject({ active: 1, refused: 1 })
  })

  test('returns to saturated if a limit recovers while it is full', () => {
    const { worker, open, state } = startWorker(1)
    open()
    worker.send({ type: 'limit.exceeded', reasons: ['memory'] })
    worker.send({ type: 'limit.recovered' })
    expect(state()).toBe('saturated')
  })

  test('applies a lowered limit with the next message', () => {
    const { worker, open, ledger, state } = startWorker(10)
    open(5)
    worker.getSnapshot().context.ledger.send({ type: 'limit', high: 5, low: 4 })
    expect(state()).toBe('saturated')
    open()
    expect(ledger().refused).toBe(1)
  })

  test('never counts below zero', () => {
    const { close, ledger } = startWorker(2)
    close(3)
    expect(ledger().active).toBe(0)
  })

  test('drains until the last connection has ended, and refuses meanwhile', () => {
    const { worker, open, close, ledger, state } = startWorker(5)
    open(2)
    worker.send({ type: 'op.drain' })
    open()
    expect(ledger()).toMatchObject({ active: 2, refused: 1, mode: 'drain' })
    close()
    expect(state()).toBe('draining')
    close()
    expect(state()).toBe('stopped')
  })

  test('stops at once if it is drained without open connections', () => {
    const { worker, state } = startWorker(5)
    worker.send({ type: 'op.drain' })
    expect(state()).toBe('stopped')
  })
})
