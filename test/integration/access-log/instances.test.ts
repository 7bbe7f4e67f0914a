import { existsSync, readdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { RawClient } from '../../kit/clients/raw-client.ts'

import { startTestDaemon } from '../../kit/daemons/daemon.ts'
import { tempDir } from '../../kit/files/temp-dir.ts'
import { startOrigin, startRawOrigin } from '../../kit/origins/origin.ts'
import { until } from '../../kit/waiting/until.ts'

const reverse = (target: string, accessLog: unknown, more: object = {}) => ({
  mode: 'Reverse',
  listen_addr: '127.0.0.1:0',
  workers: { reverse_proxy: { target: `http://${target}`, access_log: accessLog, ...more } },
})

const linesOf = (file: string): readonly Record<string, unknown>[] =>
  readFileSync(file, { encoding: 'utf8', flag: 'a+' })
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))

async function ask(port: number, target: string): Promise<number> {
  using client = await RawClient.connect(port)
  return (await client.get(target)).status
}

describe.each(['thread', 'process', 'shared'] as const)('instances (%s)', (isolation) => {
  test('append to one file, and each line names its instance', async () => {
    await using origin = await startOrigin()
    const file = join(tempDir(), 'access.log')
    const config = reverse(origin.authority, { path: file, flush_ms: 5 }, { worker_threads: 2, isolation })
    await using running = await startTestDaemon(config)
    for (let at = 0; at < 20; at += 1) expect(await ask(running.port('reverse_proxy'), `/${at}`)).toBe(200)
    await until('all are logged', () => linesOf(file).length === 20)
    expect(
      linesOf(file)
        .map(({ path }) => path)
        .sort(),
    ).toEqual(Array.from({ length: 20 }, (_, at) => `/${at}`).sort())
    const instances = new Set(linesOf(file).map(({ instance }) => instance))
    for (const instance of instances) expect(['reverse_proxy#1', 'reverse_proxy#2']).toContain(instance)
    expect(linesOf(file)[0]).toMatchObject({ worker: 'reverse_proxy', service: 'reverse', status: 200 })
  })

  test('follow a renamed file while they serve, and lose no line', async () => {
    await using origin = await startOrigin()
    const folder = tempDir()
    const file = join(folder, 'access.log')
    const config = reverse(origin.authority, { path: file, flush_ms: 2 }, { isolation })
    await using running = await startTestDaemon(config)
    using client = await RawClient.connect(running.port('reverse_proxy'))
    let asked = 0
    for (let turn = 0; turn < 4; turn += 1) {
      const end = asked + 30
      for (; asked < end; asked += 1) {
        await client.get(`/${asked}`)
        if (asked === end - 15) {
          renameSync(file, join(folder, `access.log.${turn}`))
          running.daemon.reopenLogs()
        }
      }
      await until('there is a new file', () => existsSync(file))
    }
    const all = () => readdirSync(folder).flatMap((name) => linesOf(join(folder, name)))
    await until('all are logged', () => all().length === asked)
    expect(new Set(all().map(({ path }) => path)).size).toBe(asked)
    expect(linesOf(file).length).toBeGreaterThan(0)
  })

  test('write buffered lines, and log exchanges cut off by the end of a drain with K', async () => {
    await using origin = await startOrigin((req, res) => {
      if (req.url === '/never') res.write('and')
      else res.end('ok')
    })
    const file = join(tempDir(), 'access.log')
    const config = reverse(origin.authority, { path: file, flush_ms: 60_000 }, { isolation })
    const running = await startTestDaemon({ ...config, drain_timeout_secs: 0.3 })
    expect(await ask(running.port('reverse_proxy'), '/before')).toBe(200)
    using client = await RawClient.connect(running.port('reverse_proxy'))
    client.head('GET /never HTTP/1.1', 'Host: a')
    await client.responseHead()
    await running[Symbol.asyncDispose]()
    expect(linesOf(file)).toMatchObject([
      { path: '/before', termination: '--' },
      { path: '/never', termination: 'KD', error: 'DRAINING', status: 200 },
    ])
  })

  test('continue to serve when the disk is full, count dropped lines, and log that once', async () => {
    await using origin = await startOrigin()
    const config = reverse(
      origin.authority,
      { path: '/dev/full', flush_ms: 1, buffer_kb: 128 },
      { isolation },
    )
    await using running = await startTestDaemon(config)
    using client = await RawClient.connect(running.port('reverse_proxy'))
    const dropped = () => running.daemon.overview.counters('reverse_proxy')?.logLinesDropped ?? 0
    for (let at = 0; dropped() === 0 && at < 5_000; at += 1) {
      expect((await client.get('/')).status).toBe(200)
    }
    await until('it is counted', () => dropped() > 0)
    const told = running.log.filter((line) => line.includes('access log'))
    expect(told).toEqual([expect.stringContaining('access log cannot be written')])
    expect(told[0]).toContain('ENOSPC')
  })
})

describe.each(['thread', 'process'] as const)('an instance (%s)', (isolation) => {
  test.each(['throw', 'exit'])('writes its buffered lines when it ends by %s', async (fault) => {
    await using origin = await startOrigin()
    const file = join(tempDir(), 'access.log')
    const config = reverse(origin.authority, { path: file, flush_ms: 60_000 }, { isolation })
    await using running = await startTestDaemon(config, { allowFaults: true })
    for (let at = 0; at < 10; at += 1) expect(await ask(running.port('reverse_proxy'), `/${at}`)).toBe(200)
    running.daemon.inject('reverse_proxy', fault)
    await until('it is gone', () => running.stateOf('reverse_proxy#1') === null)
    expect(linesOf(file)).toHaveLength(10)
  })
})

test('services of a combined worker have separate logs; requests without a service go to the first', async () => {
  await using origin = await startOrigin()
  const folder = tempDir()
  await using running = await startTestDaemon({
    mode: 'Combined',
    listen_addr: '127.0.0.1:0',
    access_log: { path: join(folder, 'all.log'), flush_ms: 5 },
    workers: {
      forward_proxy: { access_log: { path: join(folder, 'forward.log'), flush_ms: 5 } },
      reverse_proxy: { target: `http://${origin.authority}` },
      static_files: { mounts: [{ path: '/files', root_dir: folder }], access_log: 'off' },
    },
  })
  const port = running.port('combined')
  await ask(port, `http://${origin.authority}/forward`)
  await ask(port, '/reverse')
  await ask(port, '/files/none')
  using garbled = await RawClient.connect(port)
  garbled.send('what?\r\n\r\n')
  await garbled.response()
  await until('all are logged', () => linesOf(join(folder, 'all.log')).length === 1)
  await until('all are logged', () => linesOf(join(folder, 'forward.log')).length === 2)
  expect(linesOf(join(folder, 'all.log'))).toMatchObject([{ service: 'reverse', path: '/reverse' }])
  expect(linesOf(join(folder, 'forward.log'))).toMatchObject([
    { service: 'forward', path: '/forward', worker: 'combined' },
    { service: null, path: null, error: 'BAD_REQUEST', termination: 'PR' },
  ])
})

test('no access log contains the secrets of a request, whatever its format', async () => {
  await using origin = await startOrigin()
  await using tunnel = await startRawOrigin((socket) => socket.end('bye'))
  const folder = tempDir()
  const secret = 'hunter2'
  const files = ['json', 'combined', '%time %client %host %path %request %upstream %user "%{referer}"']
  for (const [at, format] of files.entries()) {
    const file = join(folder, `${at}.log`)
    await using running = await startTestDaemon({
      mode: 'Forward',
      listen_addr: '127.0.0.1:0',
      access_log: { path: file, format, flush_ms: 1 },
    })
    const port = running.port('forward_proxy')
    const fields = [
      `Authorization: Basic ${secret}`,
      `Proxy-Authorization: Basic ${secret}`,
      `Cookie: id=${secret}`,
      `Referer: http://me:${secret}@from.test/`,
    ]
    for (const target of [
      `http://${origin.authority}/a`,
      `http://me:${secret}@${origin.authority}/b`,
      `/c?to=http://me:${secret}@h/`,
    ]) {
      using client = await RawClient.connect(port)
      await client.get(target, ...fields)
    }
    for (const authority of [tunnel.authority, `me:${secret}@${tunnel.authority}`]) {
      using client = await RawClient.connect(port)
      client.head(`CONNECT ${authority} HTTP/1.1`, `Host: ${authority}`, ...fields)
      await client.rest()
    }
    const text = () => readFileSync(file, { encoding: 'utf8', flag: 'a+' })
    await until('all are logged', () => text().split('\n').length > 5)
    expect(text()).not.toContain(secret)
  }
})
