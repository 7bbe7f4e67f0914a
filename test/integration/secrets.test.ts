import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { createMasterKey, Keyring } from '../../src/config/secrets/keyring.ts'
import { RawClient } from '../kit/clients/raw-client.ts'
import { startChildDaemon } from '../kit/daemons/child-daemon.ts'
import { tempDir } from '../kit/files/temp-dir.ts'
import { startOrigin } from '../kit/origins/origin.ts'
import { childrenOf, commandLineOf, environmentOf } from '../kit/processes/processes.ts'
import { startOtlpReceiver } from '../kit/telemetry/otlp-receiver.ts'
import { until } from '../kit/waiting/until.ts'

/** Puts one secret in each place that may contain one; the daemon must show none of them. */

const folder = tempDir()
afterAll(() => rmSync(folder, { recursive: true }))
const bifrost = join(import.meta.dirname, '../../src/cli/bifrost.js')

/** The secret contains the name of its place, so that a failure names the place. */
const canary = (place: string) => `canary-${place}-7f3a`
const pattern = /canary-\w+-7f3a/g

const home = join(folder, 'home')
const keyEnv = { BIFROST_SECRET_HOME: home }
createMasterKey(keyEnv)
const encrypted = new Keyring(keyEnv).encrypt(canary('encrypted'))
const masterKey = readdirSync(home).map((name) => readFileSync(join(home, name)).toString('base64'))

/** Each process and thread writes its environment to its own file. */
const preload = join(folder, 'preload.cjs')
writeFileSync(
  preload,
  `const { writeFileSync } = require('node:fs')
   const { isMainThread, threadId } = require('node:worker_threads')
   const name = isMainThread ? require('node:path').basename(process.argv[1] ?? '') : 'thread'
   writeFileSync(${JSON.stringify(folder)} + '/env-' + name + '-' + process.pid + '-' + threadId, JSON.stringify(process.env))`,
)

const env = {
  ...keyEnv,
  NODE_OPTIONS: `--require ${preload}`,
  TZ: 'Asia/Tokyo',
  ANY_API_KEY: canary('env'),
  HTTPS_PROXY: `http://u:${canary('proxy')}@127.0.0.1:9`,
  OTEL_EXPORTER_OTLP_HEADERS: `x-key=${canary('otelheaders')}`,
  OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: `http://u:${canary('otelendpoint')}@127.0.0.1:9`,
}

const configFor = (isolation: 'thread' | 'process', target: string, endpoint: string) => ({
  mode: 'Combined',
  listen_addr: '127.0.0.1:0',
  admin: { listen_addr: '127.0.0.1:0', token: canary('admintoken') },
  telemetry: { endpoint, headers: { 'x-config': canary('header'), 'x-encrypted': encrypted } },
  access_log: {
    path: join(folder, `access-${isolation}.log`),
    format: '%method %path %request "%{referer}" %user',
    flush_ms: 1,
  },
  demo_upstream: { listen_addr: '127.0.0.1:0' },
  workers: {
    forward_proxy: {
      port: 0,
      isolation,
      tracing: { sample_ratio: 1 },
      auth: {
        users: [
          { name: 'ann', password: new Keyring(keyEnv).encrypt(canary('password')) },
          { name: 'bob', password: encrypted },
        ],
      },
    },
    reverse_proxy: { port: 0, isolation, target, tracing: { sample_ratio: 1 } },
  },
})

const basic = (user: string, password: string) =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`

async function status(port: number, ...lines: string[]): Promise<number> {
  using client = await RawClient.connect(port)
  client.head(...lines, 'Host: localhost')
  return (await client.response()).status
}

async function shownByAdmin(port: number): Promise<string> {
  const paths = ['/', '/health', '/status', '/metrics', '/api/overview', '/api/openapi.json', '/api/actors']
  const traffic = ['forward_proxy', 'reverse_proxy'].flatMap((worker) =>
    ['requests', 'connections'].map((what) => `/api/${what}?worker=${worker}`),
  )
  const answers = [...paths, ...traffic].map(async (path) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`)
    return `${path} ${answer.status} ${await answer.text()}`
  })
  return (await Promise.all(answers)).join('\n')
}

/** The secrets found and where; looks for the values and for their form as Basic credentials. */
function leaks(shown: Readonly<Record<string, string>>): readonly string[] {
  const hidden = [basic('ann', canary('password')), basic('ann', canary('wrong')), ...masterKey]
  return Object.entries(shown).flatMap(([where, text]) =>
    [...(text.match(pattern) ?? []), ...hidden.filter((one) => text.includes(one))].map(
      (what) => `${where}: ${what}`,
    ),
  )
}

describe.each(['thread', 'process'] as const)('with isolation %s', (isolation) => {
  test('no secret of the environment, configuration or request is shown or passed on', async () => {
    await using origin = await startOrigin()
    const receiver = await startOtlpReceiver()
    const config = configFor(
      isolation,
      `http://${origin.authority}`,
      String(receiver.httpUrl).replace(/\/$/, ''),
    )
    await using daemon = await startChildDaemon(config, 1_024, env)
    const forward = daemon.port('forward proxy')
    const url = `http://u:${canary('url')}@${origin.authority}/x?X-Amz-Signature=${canary('signature')}`
    const referer = `Referer: http://u:${canary('referer')}@a.test/`
    const auth = (password: string) => `Proxy-Authorization: ${basic('ann', password)}`
    const statuses = [
      await status(forward, `GET ${url} HTTP/1.1`, referer, auth(canary('password'))),
      await status(forward, `GET ${url} HTTP/1.1`, referer, auth(canary('wrong'))),
      await status(forward, `CONNECT u:${canary('connect')}@a.test:443 HTTP/1.1`, auth(canary('password'))),
      await status(
        daemon.port('reverse proxy'),
        `GET ${url} HTTP/1.1`,
        referer,
        `Cookie: a=${canary('cookie')}`,
      ),
    ]
    expect(statuses.filter((one) => one >= 400).length).toBeGreaterThan(0)
    await until(
      'spans and log records have arrived',
      () => receiver.spans.length > 0 && receiver.logs.length > 0,
    )
    const accessLog = () => readFileSync(join(folder, `access-${isolation}.log`), 'utf8')
    await until('the access log has its lines', () => accessLog().split('\n').length > 4)

    const children = childrenOf(daemon.pid)
    const file = join(folder, 'check.json')
    writeFileSync(file, JSON.stringify(config))
    const check = spawnSync(process.execPath, [bifrost, '--config', file, '--check'], {
      env: { ...process.env, ...env },
      encoding: 'utf8',
      timeout: 60_000,
    })
    expect(check.status).toBe(0)
    const environments = readdirSync(folder).filter(
      (name) => name.startsWith('env-') && !name.includes('bifrost.js'),
    )
    expect(
      environments.some((name) => name.includes(isolation === 'thread' ? 'thread' : 'process-entry')),
    ).toBe(true)
    expect(environments.some((name) => name.includes('mirror-process'))).toBe(true)
    const environment = environments.map((name) => readFileSync(join(folder, name), 'utf8'))
    expect(environment.filter((text) => !text.includes('"TZ":"Asia/Tokyo"'))).toEqual([])
    const shown = {
      output: daemon.output,
      log: daemon.log.join('\n'),
      'access log': accessLog(),
      admin: await shownByAdmin(daemon.port('admin')),
      '--check': `${check.stdout}${check.stderr}`,
      'command lines': [daemon.pid, ...children].map(commandLineOf).join('\n'),
      'environments of processes': children.map(environmentOf).join('\n'),
      'environments of processes and threads': environment.join('\n'),
      spans: JSON.stringify(
        receiver.spans.map(({ attributes, resource, name }) => [attributes, resource, name]),
      ),
      'log records': JSON.stringify(
        receiver.logs.map(({ attributes, resource, body }) => [attributes, resource, body]),
      ),
    }
    for (const [where, text] of Object.entries(shown)) expect([where, text.length > 2]).toEqual([where, true])
    expect(leaks(shown)).toEqual([])
  })
})
