import { hashSync } from 'bcryptjs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  type Connections,
  explanations,
  type Reasons,
  type TrafficPage,
} from '../../../src/admin/api/schema/traffic.ts'
import { RawClient } from '../../kit/clients/raw-client.ts'
import { checkedAnswer } from '../../kit/daemons/checked-answer.ts'
import { startTestDaemon } from '../../kit/daemons/daemon.ts'
import { token, whyOf, withToken } from '../../kit/daemons/traffic-questions.ts'
import { type Origin, startOrigin, startScriptedOrigin } from '../../kit/origins/origin.ts'
import { until } from '../../kit/waiting/until.ts'

let origin: Origin

beforeAll(async () => {
  origin = await startOrigin((_req, res) => res.writeHead(404).end())
})

afterAll(() => origin.close())

const reverse = (block: object = {}) => ({
  mode: 'Combined',
  admin: { listen_addr: '127.0.0.1:0', token },
  workers: {
    reverse_proxy: {
      listen_addr: '127.0.0.1:0',
      target: `http://${origin.authority}`,
      request_id: { in_response: true },
      ...block,
    },
  },
})

const worker = 'reverse_proxy'

test.each(['thread', 'process'] as const)(
  'a connection refused by a full %s leads to the chart, its transition and the cause',
  async (isolation) => {
    await using bridge = await startTestDaemon(reverse({ max_connections: 1 }), { isolation })
    using first = await RawClient.connect(bridge.port(worker))
    await first.get('/')
    using second = await RawClient.connect(bridge.port(worker))
    expect((await second.response()).status).toBe(503)
    // A chart transition soon after another one is reported in a batch.
    await until('its move is told', () => bridge.stateOf('reverse_proxy#1/reverse') === 'saturated')
    const { chain, request, ended, explanation } = await whyOf(bridge, worker, 'OVER_LIMIT')
    expect(request).toMatchObject({ method: null, state: 'saturated', termination: 'LR' })
    expect(ended).toBe('a limit of the proxy was reached, while the request was read or refused')
    expect(explanation).toBeNull()
    expect(chain.map(({ about }) => about)).toEqual(['request', 'rule', 'state', 'cause', 'right'])
    const [, , state, cause] = chain
    expect(state).toMatchObject({ actor: 'reverse_proxy#1/reverse' })
    expect(state?.text).toContain('saturated')
    expect(cause?.text).toContain('from accepting by load.high: open connections reached the limit')
    expect(cause?.seq).toBeGreaterThan(0)
    expect(cause?.at).toBeLessThanOrEqual(request.at)
  },
)

test('a refusal of a degraded worker names the value above its limit', async () => {
  const config = reverse({ max_cpu_percent: 1 })
  await using bridge = await startTestDaemon(config, { isolation: 'thread', allowFaults: true })
  expect(bridge.daemon.inject(worker, 'burn')).toBe(true)
  await until('degraded', () => bridge.stateOf('reverse_proxy#1/reverse') === 'degraded')
  using client = await RawClient.connect(bridge.port(worker))
  await client.response()
  const { chain } = await whyOf(bridge, worker, 'OVER_LIMIT')
  expect(chain[1]).toMatchObject({
    about: 'rule',
    setting: 'workers.reverse_proxy.resource_limits.max_cpu_percent',
  })
  expect(chain[1]?.place?.path).toBe('workers.reverse_proxy.max_cpu_percent')
  expect(chain.find(({ about }) => about === 'cause')?.text).toContain('limit.exceeded')
})

test('an answer is found by its X-Request-Id', async () => {
  await using bridge = await startTestDaemon(reverse(), { isolation: 'thread' })
  using client = await RawClient.connect(bridge.port(worker))
  const id = (await client.get('/some/path')).get('x-request-id') ?? ''
  await whyOf(bridge, worker, 404)
  const answer = await bridge.admin(`/api/requests/${encodeURIComponent(id)}`)
  expect(answer.json<Reasons>().request).toMatchObject({ request_id: id, target: '/some/path', status: 404 })
})

test.each([
  ['400', (client: RawClient) => client.send('nonsense\r\n\r\n'), 'BAD_REQUEST'],
  ['400 without a Host', (client: RawClient) => client.head('GET / HTTP/1.1'), 'BAD_REQUEST'],
  ['431', (client: RawClient) => client.head('GET / HTTP/1.1', `X: ${'x'.repeat(20_000)}`), 'HEAD_TOO_LARGE'],
  [
    '414',
    (client: RawClient) => client.head(`GET /${'x'.repeat(9_000)} HTTP/1.1`, 'Host: a'),
    'TARGET_TOO_LONG',
  ],
  ['408', (client: RawClient) => client.send('GET / HTTP/1.1\r\n'), 'REQUEST_TIMEOUT'],
])('a %s before routing can be found by its request id, too', async (_, send, code) => {
  const config = reverse({ timeouts: { header_secs: 0.3 } })
  await using bridge = await startTestDaemon(config, { isolation: 'thread' })
  using client = await RawClient.connect(bridge.port(worker))
  send(client)
  const response = await client.response()
  const id = response.get('x-request-id') ?? ''
  expect(id).not.toBe('')
  expect(response.text).toContain(id)
  await whyOf(bridge, worker, code)
  const answer = await bridge.admin(`/api/requests/${encodeURIComponent(id)}`)
  expect(answer.json<Reasons>().request).toMatchObject({ code, request_id: id })
})

test('without request ids a response before routing has none either', async () => {
  await using bridge = await startTestDaemon(reverse({ request_id: { enabled: false } }), {
    isolation: 'thread',
  })
  using client = await RawClient.connect(bridge.port(worker))
  client.send('nonsense\r\n\r\n')
  expect((await client.response()).get('x-request-id')).toBeUndefined()
})

test('the refusals of an instance are kept after it is replaced', async () => {
  await using bridge = await startTestDaemon(reverse(), { isolation: 'thread' })
  using client = await RawClient.connect(bridge.port(worker))
  await client.get('/gone')
  await whyOf(bridge, worker, 404)
  bridge.daemon.recycle(worker)
  await until('the first has gone', () => bridge.stateOf('reverse_proxy#1') === null)
  const { request, chain } = await whyOf(bridge, worker, 404)
  expect(request).toMatchObject({ instance: 'reverse_proxy#1', target: '/gone' })
  expect(chain.map(({ about }) => about)).toContain('rule')
})

test('the exchanges of a crashed instance are kept', async () => {
  await using bridge = await startTestDaemon(reverse(), { isolation: 'thread', allowFaults: true })
  using client = await RawClient.connect(bridge.port(worker))
  await client.get('/gone')
  await whyOf(bridge, worker, 404)
  bridge.daemon.inject(worker, 'throw')
  await until('it has gone', () => bridge.stateOf('reverse_proxy#1') === null)
  expect((await whyOf(bridge, worker, 404)).request.instance).toBe('reverse_proxy#1')
})

test('users and queries are shown with the token only', async () => {
  const config = reverse({ auth: { users: [{ name: 'ann', password: hashSync('secret', 4) }] } })
  await using bridge = await startTestDaemon(config, { isolation: 'thread' })
  using client = await RawClient.connect(bridge.port(worker))
  const field = `Authorization: Basic ${Buffer.from('ann:secret').toString('base64')}`
  expect((await client.get('/x?api_key=hush', field)).status).toBe(404)
  const { request } = await whyOf(bridge, worker, 404)
  const list = `/api/requests?worker=${worker}`
  const one = `/api/requests/${encodeURIComponent(request.id)}`
  const open = await bridge.admin(list)
  expect(open.json<TrafficPage>().requests).toMatchObject([{ target: '/x?***', user: '***' }])
  const full = await bridge.admin(list, 'GET', withToken)
  expect(full.json<TrafficPage>().requests).toMatchObject([{ target: '/x?api_key=hush', user: 'ann' }])
  for (const { text } of [open, await bridge.admin(one)]) {
    expect(text).not.toContain('hush')
    expect(text).not.toContain('ann')
  }
  expect((await bridge.admin(one, 'GET', withToken)).json<Reasons>().request.user).toBe('ann')
})

test('the user of a connection is shown with the token only', async () => {
  await using silent = await startOrigin(() => {})
  const auth = { users: [{ name: 'ann', password: hashSync('secret', 4) }] }
  const config = reverse({ auth, target: `http://${silent.authority}` })
  await using bridge = await startTestDaemon(config, { isolation: 'thread' })
  using client = await RawClient.connect(bridge.port(worker))
  const field = `Authorization: Basic ${Buffer.from('ann:secret').toString('base64')}`
  client.head('GET /held HTTP/1.1', 'Host: a', field)
  const ask = async (send = {}) =>
    (await bridge.admin(`/api/connections?worker=${worker}`, 'GET', send)).json<Connections>().connections
  await until('it is let in', async () => (await ask(withToken))[0]?.user === 'ann')
  expect(await ask()).toMatchObject([{ user: '***' }])
})

test('a password in a URL is never shown', async () => {
  const config = {
    mode: 'Forward',
    admin: { listen_addr: '127.0.0.1:0', token },
    workers: { forward_proxy: { listen_addr: '127.0.0.1:0' } },
  }
  await using bridge = await startTestDaemon(config, { isolation: 'thread' })
  using client = await RawClient.connect(bridge.port('forward_proxy'))
  client.head('GET http://ann:hush@a.test/x HTTP/1.1', 'Host: a.test')
  await client.response()
  const { request } = await whyOf(bridge, 'forward_proxy', 'BAD_AUTHORITY')
  expect(request.target).toBe('http://***@a.test/x')
  const full = await bridge.admin('/api/requests?worker=forward_proxy', 'GET', withToken)
  expect(full.text).not.toContain('hush')
})

test('explain predicts the outcome with the place of each setting; users require the token', async () => {
  const hash = '$2b$04$u1EwFmXmPTFCDpiFOOXxceq0cTSRZ2FqLRbQGFW9OFkDNMmAK2PIK'
  const config = reverse({ auth: { users: [{ name: 'ann', password: hash }] } })
  await using bridge = await startTestDaemon(config, { isolation: 'thread' })
  const answer = await bridge.admin('/api/explain?url=/x&host=h.test')
  const [explained] = checkedAnswer(explanations, answer).explanations
  expect(explained?.outcome).toMatchObject({ kind: 'reply', code: 'AUTH_REQUIRED', status: 401 })
  expect(explained?.steps.find(({ about }) => about === 'route')?.place).toMatchObject({
    file: 'test.json',
    line: 1,
    path: 'workers.reverse_proxy.target',
    written: true,
  })
  expect((await bridge.admin('/api/explain?url=/x&user=ann')).status).toBe(401)
  const trusted = await bridge.admin('/api/explain?url=/x&host=h.test&user=ann', 'GET', withToken)
  expect(checkedAnswer(explanations, trusted).explanations[0]?.outcome.to).toBe(
    `http://${origin.authority}/x`,
  )
  expect((await bridge.admin('/api/explain?url=/x&worker=other')).status).toBe(404)
  expect((await bridge.admin('/api/explain?url=/x&nothing=1')).status).toBe(400)
})

test.each([
  ['max_tunnel_secs', 'timeouts.max_tunnel_secs', 'reached its maximum age'],
  ['idle_secs', 'resource_limits.idle_timeout_secs', 'carried no byte'],
])('a tunnel ended by %s names that setting', async (key, setting, words) => {
  await using switching = await startScriptedOrigin(
    'HTTP/1.1 101 Yes\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    { keepOpen: true },
  )
  const block = { target: `http://${switching.authority}`, timeouts: { [key]: 0.2 } }
  await using bridge = await startTestDaemon(reverse(block), { isolation: 'thread' })
  using client = await RawClient.connect(bridge.port(worker))
  client.head('GET / HTTP/1.1', 'Host: a', 'Connection: Upgrade', 'Upgrade: websocket')
  await client.ended()
  const { chain, request, ended } = await whyOf(bridge, worker, 101)
  expect(request).toMatchObject({ termination: 'LT', code: null })
  expect(ended).toBe('a limit of the proxy was reached, while it was a tunnel')
  const rule = chain.find(({ about }) => about === 'rule')
  expect(rule?.text).toContain(words)
  expect(rule?.setting).toBe(`workers.reverse_proxy.${setting}`)
  expect(rule?.place?.written).toBe(true)
})

test('a request with a foreign hostname is refused', async () => {
  await using bridge = await startTestDaemon(reverse(), { isolation: 'thread' })
  const foreign = { headers: { Host: 'evil.test' } }
  for (const path of [
    `/api/requests?worker=${worker}`,
    `/api/connections?worker=${worker}`,
    '/api/explain?url=/',
  ])
    expect((await bridge.admin(path, 'GET', foreign)).status).toBeGreaterThanOrEqual(400)
})

test('an unknown request or worker is a 404', async () => {
  await using bridge = await startTestDaemon(reverse(), { isolation: 'thread' })
  expect((await bridge.admin('/api/requests/reverse_proxy%231.7')).status).toBe(404)
  expect((await bridge.admin('/api/requests/other%231.7')).status).toBe(404)
  expect((await bridge.admin('/api/requests/%00')).status).toBe(404)
  expect((await bridge.admin('/api/requests?worker=other')).status).toBe(404)
})
