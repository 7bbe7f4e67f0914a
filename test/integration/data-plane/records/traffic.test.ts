import { afterEach, expect, test, vi } from 'vitest'
import { TrafficRecorder } from '../../../../src/proxy/exchange/traffic.ts'
import { H2Client } from '../../../kit/clients/h2-client.ts'
import { RawClient } from '../../../kit/clients/raw-client.ts'
import { reverseTo, startEdge } from '../../../kit/daemons/data-plane.ts'
import { startOrigin } from '../../../kit/origins/origin.ts'
import { until } from '../../../kit/waiting/until.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

test('successful requests without a viewer are not recorded: 500 requests, no entries', async () => {
  const note = vi.spyOn(TrafficRecorder.prototype, 'note')
  await using origin = await startOrigin()
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  for (let at = 0; at < 500; at += 1) expect((await client.get('/')).status).toBe(200)
  await until('all have ended', () => proxy.counters().requestsTotal === 500)
  expect(note).not.toHaveBeenCalled()
  const ask = { kind: 'requests', after: 0, limit: 500, watchMs: 0 } as const
  expect(proxy.edge.ask(ask)).toMatchObject({ records: [], last: 0 })
  proxy.edge.ask({ ...ask, watchMs: 5_000 })
  await client.get('/')
  await until('it has ended', () => proxy.counters().requestsTotal === 501)
  expect(note).toHaveBeenCalledTimes(1)
})

test('a flood of refusals keeps only the latest ones', async () => {
  await using proxy = await startEdge(reverseTo('http://127.0.0.1:1', { access: { allow: ['192.0.2.1'] } }))
  using client = await RawClient.connect(proxy.port)
  for (let at = 0; at < 400; at += 1) expect((await client.get(`/${at}`)).status).toBe(403)
  await until('all have ended', () => proxy.counters().requestsTotal === 400)
  const { failures } = proxy.edge
  expect(failures).toHaveLength(256)
  expect([failures[0]?.target, failures.at(-1)?.target]).toEqual(['/144', '/399'])
})

test('HTTP/2 streams are recorded like exchanges, and their connection shows the number that run', async () => {
  await using origin = await startOrigin((req, res) => {
    if (req.url !== '/held') res.writeHead(404).end()
  })
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`), { cleartext: 'h2' })
  const client = await H2Client.connect(proxy.port)
  await client.get('/missing')
  client.session.request({ ':path': '/held' }).on('error', () => {})
  client.session.request({ ':path': '/held' }).on('error', () => {})
  await until('they run', () => origin.seen.length === 3)
  expect(proxy.edge.failures).toMatchObject([{ version: 20, status: 404, target: '/missing' }])
  const told = proxy.edge.ask({ kind: 'connections', limit: 10 })
  expect(told).toMatchObject({ open: 1, connections: [{ state: 'h2', running: 2 }] })
  client.session.destroy()
})
