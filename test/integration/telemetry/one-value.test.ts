import { once } from 'node:events'
import { connect } from 'node:http2'
import { arch, tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import { RawClient } from '../../kit/clients/raw-client.ts'

import { startTestDaemon, type TestDaemon } from '../../kit/daemons/daemon.ts'
import { tempDir } from '../../kit/files/temp-dir.ts'
import { startOrigin, unusedPort } from '../../kit/origins/origin.ts'
import { type OtlpReceiver, startOtlpReceiver } from '../../kit/telemetry/otlp-receiver.ts'
import { makeCertificate, writeCertificate } from '../../kit/tls/certificates.ts'
import { until } from '../../kit/waiting/until.ts'

/** Metric, span and log record of an exchange use the same name and value for each fact. */

type Attributes = Readonly<Record<string, unknown>>

/** Attributes shared by a SERVER span and its log record. */
const shared =
  /^(?:http\.(?:request\.method|response\.status|route)|url\.|server\.|client\.|network\.|error\.type|user_agent)/
/** Shared attributes that the metric has, too. */
const measured = [
  'http.request.method',
  'http.response.status_code',
  'http.route',
  'url.scheme',
  'network.protocol.version',
  'error.type',
]

const picked = (attributes: Attributes, is: (name: string) => boolean): Attributes =>
  Object.fromEntries(
    Object.entries(attributes)
      .filter(([name]) => is(name))
      .sort(([one], [other]) => (one < other ? -1 : 1)),
  )

const texts = (all: readonly Attributes[]) => [...new Set(all.map((one) => JSON.stringify(one)))].sort()

/**
 * Runs a daemon with the exchanges of `use`, compares the exported signals and returns the attributes of the
 * SERVER spans.
 */
async function compare(
  receiver: OtlpReceiver,
  name: string,
  workers: object,
  /** Number of log records, and how many of them never became a request. */
  counts: { readonly all: number; readonly refused: number },
  baseDir: string,
  use: (running: TestDaemon) => Promise<void>,
): Promise<readonly Attributes[]> {
  const telemetry = {
    endpoint: receiver.httpUrl,
    resource: { 'service.name': name },
    logs: { enabled: true, access_log: true },
  }
  const running = await startTestDaemon(
    { mode: 'Combined', telemetry, workers, drain_timeout_secs: 10 },
    { baseDir },
  )
  try {
    await use(running)
  } finally {
    await running[Symbol.asyncDispose]()
  }
  const own = <Item extends { readonly resource: Attributes }>(items: readonly Item[]) =>
    items.filter(({ resource }) => resource['service.name'] === name)
  const records = () => own(receiver.logs).filter(({ attributes }) => 'proxy.termination' in attributes)
  const points = () => own(receiver.points).filter((point) => point.name === 'http.server.request.duration')
  await until('all are exported', () => {
    const servers = own(receiver.spans).filter(({ parentSpanId }) => !parentSpanId)
    return (
      points().length > 0 && servers.length === counts.all - counts.refused && records().length === counts.all
    )
  })
  expect(own(receiver.logs)[0]?.resource['host.arch']).toBe(arch() === 'x64' ? 'amd64' : arch())
  const spans = own(receiver.spans)
  for (const { spanId, attributes } of records()) {
    const span = spans.find((one) => one.spanId === spanId)
    if (span === undefined) continue
    const isShared = (key: string) => shared.test(key)
    expect(picked(attributes, isShared)).toEqual(picked(span.attributes, isShared))
    const attempt = spans.findLast(({ parentSpanId }) => parentSpanId === spanId)
    if (attempt === undefined) continue
    const connect = 'proxy.upstream.connect_ms'
    expect(attributes[connect]).toBe(attempt.attributes[connect])
  }
  const isMeasured = (key: string) => measured.includes(key)
  const ofLogs = texts(records().map(({ attributes }) => picked(attributes, isMeasured)))
  expect(texts(points().map(({ attributes }) => picked(attributes, isMeasured)))).toEqual(ofLogs)
  return spans.filter(({ parentSpanId }) => !parentSpanId).map(({ attributes }) => attributes)
}

const tracing = { sample_ratio: 1 }

test('metric, span and log record agree over HTTP/1.1, also for failures and invalid requests', async () => {
  const receiver = await startOtlpReceiver()
  await using origin = await startOrigin((req, res) => {
    if (req.url === '/never') return
    res.statusCode = req.url === '/missing' ? 404 : 200
    if (req.url === '/broken') res.write('half', () => res.destroy())
    else res.end('ok')
  })
  const reverse_proxy = {
    listen_addr: '127.0.0.1:0',
    target: `http://${origin.authority}`,
    tracing,
    trusted_proxies: ['127.0.0.1'],
    access: { deny: ['192.0.2.7'] },
  }
  const static_files = {
    listen_addr: '127.0.0.1:0',
    tracing,
    mounts: [{ path: '/files', root_dir: tempDir() }],
  }
  const spans = await compare(
    receiver,
    'one value',
    { reverse_proxy, static_files },
    { all: 8, refused: 1 },
    tmpdir(),
    async (running) => {
      using client = await RawClient.connect(running.port('reverse_proxy'))
      const agent = 'User-Agent: tester'
      expect((await client.get('/a?b=c', 'X-Forwarded-Host: site.test:8443', agent)).status).toBe(200)
      expect((await client.get('/missing')).status).toBe(404)
      expect((await client.get('/', 'X-Forwarded-For: 192.0.2.7')).status).toBe(403)
      client.head('PROPFIND /dav HTTP/1.1', 'Host: a.test:81')
      expect((await client.response()).status).toBe(200)
      using broken = await RawClient.connect(running.port('reverse_proxy'))
      broken.head('GET /broken HTTP/1.1', 'Host: [::1]:99')
      await broken.ended()
      const gone = await RawClient.connect(running.port('reverse_proxy'))
      gone.head('GET /never HTTP/1.1', 'Host: a')
      await until('the origin has it', () => origin.seen.some(({ url }) => url === '/never'))
      gone.socket.resetAndDestroy()
      await until(
        'it is noticed',
        () => running.daemon.overview.counters('reverse_proxy')?.requestsFailed === 2,
      )
      using bad = await RawClient.connect(running.port('reverse_proxy'))
      expect((await bad.send('no request at all\r\n\r\n').response()).status).toBe(400)
      using files = await RawClient.connect(running.port('static_files'))
      expect((await files.get('/files/none')).status).toBe(404)
    },
  )
  expect(spans).toContainEqual(
    expect.objectContaining({
      'server.address': 'site.test',
      'server.port': 8443,
      'user_agent.original': 'tester',
      'network.peer.port': expect.any(Number),
    }),
  )
  expect(spans).toContainEqual(
    expect.objectContaining({ 'http.request.method': '_OTHER', 'http.request.method_original': 'PROPFIND' }),
  )
  expect(spans).toContainEqual(expect.objectContaining({ 'server.address': '::1', 'server.port': 99 }))
  const types = spans.map((attributes) => attributes['error.type']).filter((type) => type !== undefined)
  expect(types.sort()).toEqual(['CLIENT_ABORTED', 'UPSTREAM_BROKEN'])
})

test('metric, span and log record of a forward proxy agree: absolute form, no upstream, CONNECT', async () => {
  const receiver = await startOtlpReceiver()
  await using origin = await startOrigin()
  const nowhere = `127.0.0.1:${await unusedPort()}`
  const forward_proxy = { listen_addr: '127.0.0.1:0', tracing }
  await compare(
    receiver,
    'one value forward',
    { forward_proxy },
    { all: 3, refused: 0 },
    tmpdir(),
    async (running) => {
      using client = await RawClient.connect(running.port('forward_proxy'))
      expect((await client.get(`http://${origin.authority}/a`)).status).toBe(200)
      expect((await client.get(`http://${nowhere}/`)).status).toBe(502)
      using tunnel = await RawClient.connect(running.port('forward_proxy'))
      tunnel.head(`CONNECT ${origin.authority} HTTP/1.1`, `Host: ${origin.authority}`)
      expect((await tunnel.responseHead()).status).toBe(200)
      expect((await tunnel.get('/')).status).toBe(200)
      tunnel.destroy()
      const active = () => running.daemon.overview.counters('forward_proxy')?.tunnelsActive
      await until('it is over', () => active() === 0)
    },
  )
})

test('metric, span and log record agree over TLS and HTTP/2', async () => {
  const receiver = await startOtlpReceiver()
  await using origin = await startOrigin()
  const directory = tempDir()
  const certificate = writeCertificate(
    directory,
    'a',
    makeCertificate({ subject: 'a.test', names: ['a.test'] }),
  )
  const listeners = [{ address: '127.0.0.1:0', tls: { certificates: [certificate] } }]
  const reverse_proxy = { listeners, target: `http://${origin.authority}`, tracing }
  const spans = await compare(
    receiver,
    'one value h2',
    { reverse_proxy },
    { all: 2, refused: 0 },
    directory,
    async (running) => {
      const session = connect(`https://127.0.0.1:${running.port('reverse_proxy')}`, {
        rejectUnauthorized: false,
      })
      for (const method of ['GET', 'QUERY']) {
        const stream = session.request({ ':path': '/x?y', ':method': method, ':authority': 'a.test' })
        stream.end()
        const [headers] = await once(stream, 'response')
        expect(headers[':status']).toBe(200)
        await once(stream.resume(), 'close')
      }
      session.close()
      await once(session, 'close')
    },
  )
  expect(spans).toHaveLength(2)
  for (const span of spans)
    expect(span).toMatchObject({
      'url.scheme': 'https',
      'network.protocol.version': '2',
      'server.address': 'a.test',
      'server.port': 443,
    })
})
