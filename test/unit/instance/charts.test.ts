import { describe, expect, test, vi } from 'vitest'
import { createActor } from 'xstate'
import { workerSystemId } from '../../../actors/ledger.ts'
import { workerMachine } from '../../../actors/worker.ts'
import { ChartReports } from '../../../src/instance/charts.ts'
import type { ChartMove, FromInstance } from '../../../src/supervise/channel/channel.ts'

function instance(periodMs = 10) {
  const posted: FromInstance[] = []
  const reports = new ChartReports({
    post: (message) => posted.push(message),
    periodMs,
    maxBatch: 5,
  })
  const machine = workerMachine.provide({
    actions: {
      report: ({ event, context }, { state }) => reports.moved('reverse', state, event.type, context),
    },
  })
  const actor = createActor(machine, {
    systemId: workerSystemId,
    input: { maxConnections: 2, drainTimeoutMs: 1_000 },
  })
  actor.subscribe({ error: () => {} })
  reports.add('reverse', actor, machine)
  actor.start()
  const moves = (): readonly ChartMove[] =>
    posted.flatMap((message) => (message.type === 'charts.moved' ? message.moves : []))
  const steps = () => moves().map(({ step }) => step)
  return { actor, reports, posted, moves, steps }
}

const texts = (steps: readonly { event: string; state: string; edges: readonly string[] }[]) =>
  steps.map(({ event, state, edges }) => `${event} ${state} ${edges.join()}`)

describe('chart reports of an instance', () => {
  test('contain each move with its arrow', () => {
    const { actor, reports, steps } = instance()
    const { ledger } = actor.getSnapshot().context
    ledger.send({ type: 'conn.opened' })
    ledger.send({ type: 'conn.opened' })
    actor.send({ type: 'limit.exceeded', reasons: ['memory'] })
    actor.send({ type: 'limit.recovered' })
    actor.send({ type: 'op.drain' })
    ledger.send({ type: 'conn.closed' })
    ledger.send({ type: 'conn.closed' })
    reports.flush()
    expect(texts(steps())).toEqual([
      'xstate.init accepting ',
      'load.high saturated worker.accepting|load.high|0',
      'limit.exceeded degraded worker.saturated|limit.exceeded|0',
      'limit.recovered saturated worker.degraded|limit.recovered|0',
      'op.drain draining worker|op.drain|0',
      'load.zero stopped worker.draining|load.zero|0',
    ])
    expect(steps().map(({ sender }) => sender)).toEqual([
      null,
      'reverse/ledger',
      null,
      null,
      null,
      'reverse/ledger',
    ])
    expect(steps()[1]?.digest).toEqual({ high: 2, low: 1, drainTimeoutMs: 1_000 })
  })

  test('contain events that a chart ignores, with or without a viewer', () => {
    const { actor, reports, steps } = instance()
    const { ledger } = actor.getSnapshot().context
    ledger.send({ type: 'conn.opened' })
    ledger.send({ type: 'conn.opened' })
    reports.sending('reverse', { type: 'limit.recovered' })
    actor.send({ type: 'limit.recovered' })
    reports.sending('reverse', { type: 'op.drain' })
    actor.send({ type: 'op.drain' })
    reports.flush()
    expect(texts(steps())).toEqual([
      'xstate.init accepting ',
      'load.high saturated worker.accepting|load.high|0',
      'limit.recovered saturated ',
      'op.drain draining worker|op.drain|0',
    ])
    expect(steps().map(({ isIgnored }) => isIgnored)).toEqual([false, false, true, false])
  })

  test('contain no connections, even if there are many', () => {
    const { actor, reports, posted } = instance()
    reports.flush()
    const { length } = posted
    const { ledger } = actor.getSnapshot().context
    for (let n = 0; n < 1000; n++) {
      ledger.send({ type: 'conn.opened' })
      ledger.send({ type: 'conn.closed' })
    }
    reports.flush()
    expect(posted).toHaveLength(length)
  })
})

describe('a storm of moves', () => {
  test('is limited: some moves at once, some in batches, always including the last', () => {
    const { actor, reports, posted, moves } = instance(60_000)
    const { ledger } = actor.getSnapshot().context
    ledger.send({ type: 'conn.opened' })
    for (let n = 0; n < 500; n++) {
      ledger.send({ type: 'conn.opened' })
      ledger.send({ type: 'conn.closed' })
    }
    ledger.send({ type: 'conn.opened' })
    expect(posted).toHaveLength(5)
    reports.flush()
    expect(posted).toHaveLength(6)
    expect(moves()).toHaveLength(10)
    expect(moves().at(-1)).toMatchObject({ step: { state: 'saturated' }, skipped: 992 })
  })

  test('does not delay moves after its end', async () => {
    const { actor, reports, posted } = instance(5)
    for (let n = 0; n < 20; n++) {
      actor.send({ type: 'limit.exceeded', reasons: [] })
      actor.send({ type: 'limit.recovered' })
    }
    const { length } = posted
    await vi.waitFor(() => expect(posted.length).toBe(length + 1))
    // The batch belonged to the next period; the period after that is quiet.
    await vi.waitFor(() => {
      const before = posted.length
      actor.send({ type: 'limit.exceeded', reasons: [] })
      actor.send({ type: 'limit.recovered' })
      expect(posted.length).toBe(before + 2)
    })
    reports.flush()
  })
})

describe('a query for a chart', () => {
  test('is answered with the pending delays and the possible next events', () => {
    const { actor, reports, posted } = instance()
    actor.getSnapshot().context.ledger.send({ type: 'conn.opened' })
    actor.send({ type: 'op.drain' })
    reports.answer(7, 'reverse')
    expect(posted.at(-1)).toMatchObject({
      type: 'chart.answer',
      ask: 7,
      live: {
        digest: { mode: 'drain', active: 1, opened: 1, refused: 0, high: 2 },
        timers: [{ event: 'xstate.after.DRAIN_TIMEOUT.worker.draining', ms: 1_000 }],
      },
    })
    actor.stop()
  })

  test('is answered with null if the chart does not exist', () => {
    const { reports, posted } = instance()
    reports.answer(8, 'static')
    expect(posted.at(-1)).toEqual({ type: 'chart.answer', ask: 8, live: null })
  })
})
