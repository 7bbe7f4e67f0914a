import { describe, expect, test } from 'vitest'
import type { z } from 'zod'
import { actorDetail, actors, history, overview } from '../../../src/admin/api/schema/schema.ts'
import type { Isolation } from '../../../src/config/settings/settings.ts'
import { RawClient } from '../../kit/clients/raw-client.ts'
import { checkedAnswer } from '../../kit/daemons/checked-answer.ts'
import { startTestDaemon, type TestDaemon } from '../../kit/daemons/daemon.ts'
import { startOrigin } from '../../kit/origins/origin.ts'
import { until } from '../../kit/waiting/until.ts'

const token = 'the-token-of-this-test'
const admin = { listen_addr: '127.0.0.1:0', token }
const reverse = (target: string, rest: object = {}) => ({
  mode: 'Reverse',
  listen_addr: '127.0.0.1:0',
  admin,
  workers: { reverse_proxy: { target, max_connections: 4, ...rest } },
})

async function get<Schema extends z.ZodType>(
  running: TestDaemon,
  schema: Schema,
  path: string,
): Promise<z.output<Schema>> {
  return checkedAnswer(schema, await running.admin(path))
}

const actorPath = (id: string) => `/api/actors/${encodeURIComponent(id)}`
const act = (running: TestDaemon, action: string, worker = 'reverse_proxy') =>
  running.admin(`/api/workers/${worker}/${action}`, 'POST', {
    headers: { Authorization: `Bearer ${token}` },
  })

describe('/api/overview', () => {
  test('lists every actor and every worker in the shape of the schema', async () => {
    await using origin = await startOrigin()
    await using running = await startTestDaemon(reverse(`http://${origin.authority}`))
    using client = await RawClient.connect(running.port('reverse_proxy'))
    for (let n = 0; n < 3; n++) await client.get('/')
    const isCounted = async () =>
      (await get(running, overview, '/api/overview')).workers[0]?.requests_total === 3
    await until('the requests are counted', isCounted)
    const { actors: known, workers } = await get(running, overview, '/api/overview')
    expect(known.map(({ id, chart, parent, worker, state }) => [id, chart, parent, worker, state])).toEqual(
      expect.arrayContaining([
        ['daemon', 'daemon', null, null, 'running'],
        ['supervisor:reverse_proxy', 'supervisor', 'daemon', 'reverse_proxy', 'supervising.steady'],
        ['reverse_proxy#1', 'instance', 'supervisor:reverse_proxy', 'reverse_proxy', 'running.alive'],
        ['reverse_proxy#1/reverse', 'worker', 'reverse_proxy#1', 'reverse_proxy', 'accepting'],
        ['listener:reverse_proxy/0/0', 'listener', 'daemon', 'reverse_proxy', 'delegated'],
      ]),
    )
    expect(workers).toMatchObject([
      {
        name: 'reverse_proxy',
        worker: 'reverse_proxy',
        type: 'reverse',
        health: 'Healthy',
        limits: { max_connections: 4 },
        use: { connections: 1 },
        restarts: 0,
        error_rate: 0,
      },
    ])
  })
})

describe('request durations', () => {
  test('are in /api/overview although no stream is open', async () => {
    await using origin = await startOrigin()
    await using running = await startTestDaemon(reverse(`http://${origin.authority}`))
    const times = async () => (await get(running, overview, '/api/overview')).workers[0]
    expect(await times()).toMatchObject({ p50_ms: null, p99_ms: null })
    using client = await RawClient.connect(running.port('reverse_proxy'))
    const since = performance.now()
    await until('it is told', async () => {
      await client.get('/')
      return (await times())?.p99_ms !== null
    })
    const { p50_ms: half, p99_ms: most } = (await times()) ?? {}
    const longest = performance.now() - since
    expect(half).toBeGreaterThan(0)
    expect(most).toBeGreaterThanOrEqual(half ?? 0)
    // The upper bound of a bucket is at most five times its lower bound.
    expect(most).toBeLessThan(longest * 5 + 1)
  })
})

describe.each<Isolation>(['thread', 'process', 'shared'])('actors of isolation %s', (isolation) => {
  test('have a history with arrows, also past their end, and report the events they wait for', async () => {
    await using origin = await startOrigin()
    await using running = await startTestDaemon(reverse(`http://${origin.authority}`, { isolation }))
    const chart = 'reverse_proxy#1/reverse'
    const held: RawClient[] = []
    for (let n = 0; n < 4; n++) held.push(await RawClient.connect(running.port('reverse_proxy')))
    await until('saturated', () => running.stateOf(chart) === 'saturated')
    const now = await get(running, actorDetail, actorPath(chart))
    expect(now).toMatchObject({
      state: 'saturated',
      context: { mode: 'refuse', active: 4, high: 4 },
      live: { next: expect.arrayContaining([expect.objectContaining({ event: 'load.low' })]) },
    })
    for (const client of held) client[Symbol.dispose]()
    await until('accepting', () => running.stateOf(chart) === 'accepting')
    const { moves, complete } = await get(running, history, `${actorPath(chart)}/history`)
    expect(complete).toBe(true)
    expect(moves.map(({ sender }) => sender)).toEqual([null, `${chart}/ledger`, `${chart}/ledger`])
    expect(moves.map(({ from, event, to, edges }) => [from, event, to, edges])).toEqual([
      [null, 'xstate.init', 'accepting', []],
      ['accepting', 'load.high', 'saturated', ['worker.accepting|load.high|0']],
      ['saturated', 'load.low', 'accepting', ['worker.saturated|load.low|0']],
    ])
    running.daemon.recycle('reverse_proxy')
    await until('gone', () => running.stateOf(chart) === null)
    const later = await get(running, history, `${actorPath(chart)}/history?after=${moves[1]?.seq}&limit=1`)
    expect(later.actor.gone).toEqual(expect.any(Number))
    expect(later.moves.map(({ to }) => to)).toEqual(['accepting'])
    expect((await get(running, actorDetail, actorPath(chart))).live).toBeNull()
    const then = await get(running, actors, `/api/actors?seq=${moves[1]?.seq}`)
    expect(then.actors.find(({ id }) => id === chart)?.state).toBe('saturated')
  })
})

describe('a chart of main', () => {
  test('reports the sender of each event and the changed fields', async () => {
    await using running = await startTestDaemon(reverse('http://127.0.0.1:9'))
    const { moves } = await get(running, history, `${actorPath('supervisor:reverse_proxy')}/history`)
    expect(moves.find(({ event }) => event === 'instance.alive')).toMatchObject({
      sender: 'reverse_proxy#1',
      edges: ['supervisor|instance.alive|0'],
      diff: { slots: ['reverse_proxy#1 (starting)', 'reverse_proxy#1'] },
    })
    expect(moves.at(-1)).toMatchObject({
      to: 'supervising.steady',
      edges: ['supervisor.supervising.starting||0'],
    })
  })

  test('reports its timers', async () => {
    await using running = await startTestDaemon({ ...reverse('http://127.0.0.1:9'), drain_timeout_secs: 5 })
    using client = await RawClient.connect(running.port('reverse_proxy'))
    client.head('GET / HTTP/1.1')
    const id = 'reverse_proxy#1'
    await act(running, 'drain')
    const { live } = await get(running, actorDetail, actorPath(id))
    expect(live?.timers).toMatchObject([
      { event: 'xstate.after.DRAIN_OVERDUE.instance.running.draining', ms: 6_000 },
    ])
  })
})

describe('actions', () => {
  test('drain takes a worker out of service, restart puts it back; both show in its chart and in the log', async () => {
    await using origin = await startOrigin()
    await using running = await startTestDaemon(reverse(`http://${origin.authority}`))
    const port = running.port('reverse_proxy')
    const drained = await act(running, 'drain')
    expect([drained.status, drained.json()]).toEqual([
      200,
      { worker: 'reverse_proxy', action: 'drain', event: 'op.drain', state: 'draining' },
    ])
    const supervisor = 'supervisor:reverse_proxy'
    await until('drained', () => running.stateOf(supervisor) === 'drained')
    await until('nobody listens', async () => {
      try {
        ;(await RawClient.connect(port))[Symbol.dispose]()
        return false
      } catch {
        return true
      }
    })
    const again = await act(running, 'recycle')
    expect([again.status, again.json()]).toEqual([
      409,
      {
        error:
          'reverse_proxy is drained and cannot recycle: it is out of service; restart it to bring it back',
      },
    ])
    expect((await act(running, 'restart')).status).toBe(200)
    await until('steady', () => running.stateOf(supervisor) === 'supervising.steady')
    using client = await RawClient.connect(port)
    expect((await client.get('/')).status).toBe(200)
    const { moves } = await get(running, history, `${actorPath(supervisor)}/history`)
    expect(moves.filter(({ event }) => event.startsWith('op.')).map(({ event, to }) => [event, to])).toEqual([
      ['op.drain', 'draining'],
      ['op.restart', 'supervising.starting'],
    ])
    expect(running.log.filter((line) => line.startsWith('info worker: '))).toEqual([
      'info worker: drain {"worker":"reverse_proxy","action":"drain","by":"127.0.0.1"}',
      'info worker: restart {"worker":"reverse_proxy","action":"restart","by":"127.0.0.1"}',
    ])
  })

  test('restart replaces a running instance at once; clients that connect meanwhile wait', async () => {
    await using origin = await startOrigin()
    await using running = await startTestDaemon(reverse(`http://${origin.authority}`))
    expect((await act(running, 'restart')).status).toBe(200)
    using client = await RawClient.connect(running.port('reverse_proxy'))
    expect((await client.get('/')).status).toBe(200)
    expect(running.stateOf('reverse_proxy#2')).toBe('running.alive')
    const { workers } = await get(running, overview, '/api/overview')
    expect(workers[0]?.restarts).toBe(0)
  })

  test('require an existing worker', async () => {
    await using running = await startTestDaemon(reverse('http://127.0.0.1:9'))
    expect((await act(running, 'drain', 'nobody')).status).toBe(404)
    expect((await act(running, 'explode')).status).toBe(404)
    expect((await running.admin('/api/workers/reverse_proxy/drain')).headers['allow']).toBe('POST')
  })

  test('a change of a limit shows in the chart too', async () => {
    await using running = await startTestDaemon(reverse('http://127.0.0.1:9'))
    await running.admin('/limits/reverse_proxy', 'PATCH', {
      headers: { Authorization: `Bearer ${token}` },
      body: '{"max_connections":2}',
    })
    const { moves } = await get(running, history, `${actorPath('supervisor:reverse_proxy')}/history`)
    expect(moves.at(-1)).toMatchObject({ event: 'op.limits', diff: { limitChanges: [0, 1] } })
  })
})

describe('an invalid request', () => {
  test.each([
    ['/api/actors?seq=-1', 400],
    ['/api/actors?seq=', 400],
    ['/api/requests?worker=reverse_proxy&limit=', 400],
    ['/api/connections?worker=reverse_proxy&limit=0x10', 400],
    ['/api/explain?url=/&length=', 400],
    ['/api/actors?sequence=1', 400],
    ['/api/actors/nobody', 404],
    ['/api/actors/nobody/history', 404],
    ['/api/actors/daemon/history?limit=1001', 400],
    ['/api/actors/%', 404],
    ['/api/charts/..%2F..%2Fpackage', 404],
    ['/api/charts/constructor', 404],
    ['/api/nothing', 404],
    ['/constructor', 404],
  ])('%s is answered with %i', async (path, status) => {
    await using running = await startTestDaemon(reverse('http://127.0.0.1:9'))
    expect((await running.admin(path)).status).toBe(status)
  })
})
