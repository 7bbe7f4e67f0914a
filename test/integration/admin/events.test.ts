import { describe, expect, test } from 'vitest'
import { streamEvents } from '../../../src/admin/api/schema/schema.ts'
import type { Isolation } from '../../../src/config/settings/settings.ts'
import { RawClient } from '../../kit/clients/raw-client.ts'
import { Viewer } from '../../kit/clients/sse-client.ts'
import { startTestDaemon } from '../../kit/daemons/daemon.ts'
import { until } from '../../kit/waiting/until.ts'

const reverse = (rest: object = {}) => ({
  mode: 'Reverse',
  listen_addr: '127.0.0.1:0',
  workers: { reverse_proxy: { target: 'http://127.0.0.1:9', max_connections: 1, ...rest } },
})
const isMove =
  (actor: string, to: string) => (frame: { event: string; data: { actor: unknown; to: unknown } }) =>
    frame.event === 'move' && frame.data.actor === actor && frame.data.to === to

describe.each<Isolation>(['thread', 'process', 'shared'])('/api/events, isolation %s', (isolation) => {
  test('begins with the whole state and reports each move with its arrow', async () => {
    await using running = await startTestDaemon(reverse({ isolation }))
    using viewer = new Viewer(running.port('admin'), '/api/events')
    const reset = await viewer.seen('everything', ({ event }) => event === 'reset')
    expect(reset.data).toMatchObject({ reason: 'first', seq: expect.any(Number) })
    const chart = 'reverse_proxy#1/reverse'
    expect(reset.data.actors.map(({ id }: { id: string }) => id)).toContain(chart)
    using held = await RawClient.connect(running.port('reverse_proxy'))
    const move = await viewer.seen('saturated', isMove(chart, 'saturated'))
    expect(move.data).toMatchObject({ edges: ['worker.accepting|load.high|0'], ignored: false })
    held[Symbol.dispose]()
    await viewer.seen('accepting', isMove(chart, 'accepting'))
    await viewer.seen('a sample', ({ event }) => event === 'sample')
    for (const { event, data } of viewer.frames) {
      const schema = streamEvents[event as keyof typeof streamEvents]
      expect(schema.safeParse(data).error, event).toBeUndefined()
    }
  })
})

test('a viewer that reconnects misses no event and receives none twice', async () => {
  await using running = await startTestDaemon(reverse())
  const first = new Viewer(running.port('admin'), '/api/events')
  await first.seen('everything', ({ event }) => event === 'reset')
  const last = first.frames.findLast(({ id }) => id !== null)
  first[Symbol.dispose]()
  running.daemon.recycle('reverse_proxy')
  await until('the next is alive', () => running.stateOf('reverse_proxy#2') === 'running.alive')
  using second = new Viewer(running.port('admin'), '/api/events', { 'Last-Event-ID': last?.id ?? '' })
  await second.seen('the end of the first', ({ event, data }) => event === 'actor' && data.what === 'gone')
  expect(second.frames.filter(({ event }) => event === 'reset')).toEqual([])
  const seqs = second.frames.filter(({ id }) => id !== null).map(({ data }) => data.seq)
  const from = Number(last?.data.seq) + 1
  expect(seqs).toEqual(seqs.map((_, at) => from + at))
})

test.each(['', 'nonsense', 'abc.1', '000000000000.3'])(
  'an invalid Last-Event-ID (%s) is answered with the whole state',
  async (id) => {
    await using running = await startTestDaemon(reverse())
    using viewer = new Viewer(running.port('admin'), '/api/events', { 'Last-Event-ID': id })
    const { data } = await viewer.seen('everything', ({ event }) => event === 'reset')
    expect(data.reason).toBe('lost')
  },
)

test('16 viewers may watch, and another one when one of them has left', async () => {
  await using running = await startTestDaemon(reverse())
  const port = running.port('admin')
  const viewers = Array.from(
    { length: 16 },
    (_, at) => new Viewer(port, at % 2 ? '/api/events' : '/api/inspect'),
  )
  try {
    await until('all are in', () => viewers.every(({ frames }) => frames.length > 0))
    const more = await running.admin('/api/events')
    expect([more.status, more.headers['retry-after']]).toEqual([503, '10'])
    viewers[0]?.[Symbol.dispose]()
    await until('there is room', async () => {
      using next = new Viewer(port, '/api/events')
      await until('it is answered', () => next.status !== 0)
      return next.status === 200
    })
  } finally {
    for (const viewer of viewers) viewer[Symbol.dispose]()
  }
})

test('streams end with the daemon', async () => {
  const running = await startTestDaemon(reverse())
  using viewer = new Viewer(running.port('admin'), '/api/events')
  await viewer.seen('everything', ({ event }) => event === 'reset')
  await running[Symbol.asyncDispose]()
  await until('it is over', () => viewer.isOver)
})

describe('/api/inspect', () => {
  test("speaks Stately's protocol: actors first, then event, microstep and snapshot of each move", async () => {
    await using running = await startTestDaemon(reverse())
    using viewer = new Viewer(running.port('admin'), '/api/inspect')
    const chart = 'reverse_proxy#1/reverse'
    const actor = await viewer.seen('the chart', ({ data }) => data.sessionId === chart)
    expect(actor.data).toMatchObject({
      type: '@xstate.actor',
      parentId: 'reverse_proxy#1',
      snapshot: { status: 'active', value: 'accepting' },
    })
    expect(
      viewer.frames.find(({ data }) => data.sessionId === 'reverse_proxy#1')?.data.snapshot.value,
    ).toEqual({
      running: 'alive',
    })
    using held = await RawClient.connect(running.port('reverse_proxy'))
    await viewer.seen(
      'the move',
      ({ data }) => data.sessionId === chart && data.snapshot?.value === 'saturated',
    )
    held[Symbol.dispose]()
    const about = viewer.frames.filter(
      ({ data }) => data.sessionId === chart && data.event?.type === 'load.high',
    )
    expect(about.map(({ data }) => data.type)).toEqual([
      '@xstate.event',
      '@xstate.microstep',
      '@xstate.snapshot',
    ])
    expect(about[1]?.data._transitions).toEqual([
      { edge: 'worker.accepting|load.high|0', eventType: 'load.high' },
    ])
  })
})
