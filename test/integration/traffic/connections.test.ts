import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { type Connections, connections } from '../../../src/admin/api/schema/traffic.ts'
import { RawClient } from '../../kit/clients/raw-client.ts'
import { checkedAnswer } from '../../kit/daemons/checked-answer.ts'
import { startTestDaemon, type TestDaemon } from '../../kit/daemons/daemon.ts'
import { requestsOf, token, whyOf, withToken } from '../../kit/daemons/traffic-questions.ts'
import { type Origin, startOrigin } from '../../kit/origins/origin.ts'
import { until } from '../../kit/waiting/until.ts'

let origin: Origin

beforeAll(async () => {
  origin = await startOrigin((req, res) => {
    if (req.url !== '/held?secret') res.end('hello')
  })
  new WebSocketServer({ server: origin.server as never })
})

afterAll(() => origin.close())

const config = () => ({
  mode: 'Combined',
  admin: { listen_addr: '127.0.0.1:0', token },
  workers: {
    reverse_proxy: { listen_addr: '127.0.0.1:0', target: `http://${origin.authority}` },
    forward_proxy: { listen_addr: '127.0.0.1:0' },
  },
})

const connectionsOf = async (bridge: TestDaemon, worker: string) =>
  checkedAnswer(connections, await bridge.admin(`/api/connections?worker=${worker}`))

describe.each(['thread', 'process', 'shared'] as const)(
  'connections of a worker in isolation %s',
  (isolation) => {
    test('are listed with their activity, the oldest first', async () => {
      await using bridge = await startTestDaemon(config(), { isolation })
      using idle = await RawClient.connect(bridge.port('reverse_proxy'))
      await idle.get('/')
      using busy = await RawClient.connect(bridge.port('reverse_proxy'))
      busy.head('GET /held?secret HTTP/1.1', 'Host: a')
      await until('both are there', async () => {
        const { connections } = await connectionsOf(bridge, 'reverse_proxy')
        return connections.some(({ state }) => state === 'exchange')
      })
      const { connections, open, silent } = await connectionsOf(bridge, 'reverse_proxy')
      expect({ open, silent }).toEqual({ open: 2, silent: [] })
      expect(connections).toMatchObject([
        { peer: '127.0.0.1', state: 'idle', target: null, running: 0 },
        {
          peer: '127.0.0.1',
          state: 'exchange',
          running: 1,
          method: 'GET',
          target: '/held?***',
          upstream: `http://${origin.authority}`,
        },
      ])
      expect(connections[0]?.received).toBeGreaterThan(30)
      expect(connections[0]?.sent).toBeGreaterThan(30)
    })

    test('include tunnels, and can be closed with the token: the log and the record have it', async () => {
      await using bridge = await startTestDaemon(config(), { isolation })
      using client = await RawClient.connect(bridge.port('forward_proxy'))
      client.head(`CONNECT ${origin.authority} HTTP/1.1`, `Host: ${origin.authority}`)
      await client.responseHead()
      const [tunnel] = (await connectionsOf(bridge, 'forward_proxy')).connections
      expect(tunnel).toMatchObject({ state: 'tunnel', method: 'CONNECT', target: origin.authority })
      const path = `/api/connections/${encodeURIComponent(tunnel?.id ?? '')}/close`
      expect((await bridge.admin(path, 'POST')).status).toBe(401)
      expect((await bridge.admin(path, 'GET')).status).toBe(405)
      expect(client.isEnded).toBe(false)
      expect((await bridge.admin(path, 'POST', withToken)).status).toBe(200)
      await client.ended()
      expect(bridge.log.filter((line) => line.includes('connection closed'))).toEqual([
        expect.stringContaining('"by":"127.0.0.1"'),
      ])
      const history = await bridge.admin('/api/actors/forward_proxy%231/history')
      expect(history.json<{ readonly moves: readonly unknown[] }>().moves).toContainEqual(
        expect.objectContaining({ event: 'op.close_connection', ignored: true }),
      )
      const { request, chain } = await whyOf(bridge, 'forward_proxy', 'CLOSED_BY_OPERATOR')
      expect(request).toMatchObject({
        method: 'CONNECT',
        target: origin.authority,
        status: 200,
        termination: 'KT',
      })
      expect(chain.find(({ about }) => about === 'rule')?.text).toContain(
        'closed the connection through the admin interface',
      )
      expect((await bridge.admin(path, 'POST', withToken)).status).toBe(404)
      await until('it has gone', async () => (await connectionsOf(bridge, 'forward_proxy')).open === 0)
    })
  },
)

test('the age of a connection counts from its acceptance', async () => {
  await using bridge = await startTestDaemon(config(), { isolation: 'thread' })
  const since = performance.now()
  using client = await RawClient.connect(bridge.port('reverse_proxy'))
  await client.get('/')
  const ageOf = async () => (await connectionsOf(bridge, 'reverse_proxy')).connections[0]?.age_ms ?? -1
  const first = await ageOf()
  const told = performance.now()
  await until('some time has passed', () => performance.now() - told > 20)
  const later = await ageOf()
  expect(first).toBeGreaterThanOrEqual(0)
  // Ages are whole milliseconds.
  expect(later - first).toBeGreaterThanOrEqual(19)
  expect(later).toBeLessThanOrEqual(performance.now() - since + 1)
})

test('an exchange whose connection an operator closed is not blamed on its client', async () => {
  await using bridge = await startTestDaemon(config(), { isolation: 'thread' })
  using client = await RawClient.connect(bridge.port('reverse_proxy'))
  client.head('GET /held?secret HTTP/1.1', 'Host: a')
  let open: Connections['connections'][number] | undefined
  await until('it runs', async () => {
    open = (await connectionsOf(bridge, 'reverse_proxy')).connections[0]
    return open?.state === 'exchange'
  })
  await bridge.admin(`/api/connections/${encodeURIComponent(open?.id ?? '')}/close`, 'POST', withToken)
  const { request } = await whyOf(bridge, 'reverse_proxy', 'CLOSED_BY_OPERATOR')
  expect(request.termination[0]).toBe('K')
})

test('a WebSocket closed by an operator is among the exchanges, with that reason', async () => {
  await using bridge = await startTestDaemon(config(), { isolation: 'thread' })
  const socket = new WebSocket(`ws://127.0.0.1:${bridge.port('reverse_proxy')}/echo`)
  await once(socket, 'open')
  const [open] = (await connectionsOf(bridge, 'reverse_proxy')).connections
  expect(open).toMatchObject({ state: 'tunnel', target: '/echo' })
  const closed = once(socket, 'close')
  await bridge.admin(`/api/connections/${encodeURIComponent(open?.id ?? '')}/close`, 'POST', withToken)
  await closed
  const { request } = await whyOf(bridge, 'reverse_proxy', 'CLOSED_BY_OPERATOR')
  expect(request).toMatchObject({ method: 'GET', target: '/echo', status: 101, termination: 'KT' })
})

test('successful exchanges are listed while a viewer watches, and not before', async () => {
  await using bridge = await startTestDaemon(config(), { isolation: 'thread' })
  using client = await RawClient.connect(bridge.port('reverse_proxy'))
  await client.get('/before')
  const first = await requestsOf(bridge, 'reverse_proxy', '&watch=1')
  expect(first).toMatchObject({ requests: [], watched: true })
  await client.get('/after?x=1')
  let seen: Awaited<ReturnType<typeof requestsOf>> | undefined
  await until('it is told', async () => {
    seen = await requestsOf(bridge, 'reverse_proxy', `&after=${encodeURIComponent(first.after)}`)
    return seen.requests.length > 0
  })
  expect(seen?.requests).toMatchObject([{ method: 'GET', target: '/after?***', status: 200, code: null }])
  expect(seen?.requests[0]?.answer_ms).toBeGreaterThanOrEqual(0)
  const rest = await requestsOf(bridge, 'reverse_proxy', `&after=${encodeURIComponent(seen?.after ?? '')}`)
  expect(rest.requests).toEqual([])
})

test('a stuck instance is listed as silent, and does not delay the response for long', async () => {
  await using bridge = await startTestDaemon(config(), { isolation: 'thread', allowFaults: true })
  bridge.daemon.inject('reverse_proxy', 'spin')
  const since = performance.now()
  const page = await requestsOf(bridge, 'reverse_proxy')
  expect(page.silent).toEqual(['reverse_proxy#1'])
  expect(performance.now() - since).toBeLessThan(4_000)
})
