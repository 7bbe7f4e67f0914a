import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { defaultRestartPolicy } from '../../actors/restart-policy.ts'
import { parseConfig } from '../../src/config/load.ts'
import { startDaemon } from '../../src/daemon.ts'
import { openCrowd } from '../kit/crowd.ts'
import { startTestDaemon } from '../kit/daemon.ts'
import { startOrigin } from '../kit/origin.ts'
import { startPulse } from '../kit/pulse.ts'
import { RawClient } from '../kit/raw-client.ts'
import { until } from '../kit/until.ts'

const folder = mkdtempSync(join(tmpdir(), 'bifrost-containment-'))
writeFileSync(join(folder, 'index.html'), 'static page')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Whatever is done to the reverse proxy, static files are asked for meanwhile. */
const victimAndWitness = (target: string, reverse: object = {}) => ({
  mode: 'Combined',
  listen_addr: '127.0.0.1:0',
  workers: {
    reverse_proxy: { port: 0, target, ...reverse },
    static_files: { port: 0, mounts: [{ path: '/', root_dir: folder }] },
  },
})

async function connectAll(port: number, count: number): Promise<readonly Socket[]> {
  const sockets = Array.from({ length: count }, () => connect({ port, host: '127.0.0.1' }))
  for (const socket of sockets) socket.on('error', () => {})
  await until(`${count} connections`, () => sockets.every(({ connecting }) => !connecting), 20_000)
  return sockets
}

describe('the other types serve while one of them has', () => {
  it('clients that never read', async () => {
    await using origin = await startOrigin((_req, res) => {
      const piece = Buffer.alloc(65_536)
      const pump = () => {
        while (res.write(piece));
        res.once('drain', pump)
      }
      pump()
    })
    await using running = await startTestDaemon(victimAndWitness(`http://${origin.authority}`))
    const witness = startPulse(running.port('static_files'))
    const sockets = await connectAll(running.port('reverse_proxy'), 50)
    for (const socket of sockets) {
      socket.pause()
      socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    }
    await until('the origin feeds them all', () => origin.seen.length === 50, 10_000)
    await new Promise((resolve) => setTimeout(resolve, 300))
    const { served, failed } = await witness.stop()
    for (const socket of sockets) socket.destroy()
    expect(failed).toBe(0)
    expect(served).toBeGreaterThan(10)
  })

  it('clients that never send, and those are ended at the header deadline', async () => {
    await using running = await startTestDaemon(
      victimAndWitness('http://127.0.0.1:9', { timeouts: { header_secs: 0.5 } }),
    )
    const witness = startPulse(running.port('static_files'))
    const sockets = await connectAll(running.port('reverse_proxy'), 200)
    await until('all are ended', () => sockets.every(({ readyState }) => readyState !== 'open'), 10_000)
    const { served, failed } = await witness.stop()
    expect(failed).toBe(0)
    expect(served).toBeGreaterThan(10)
  })

  it('ten thousand idle connections', async () => {
    await using running = await startTestDaemon(
      victimAndWitness('http://127.0.0.1:9', { max_connections: 20_000, timeouts: { header_secs: 120 } }),
    )
    const witness = startPulse(running.port('static_files'))
    await using _crowd = await openCrowd(running.port('reverse_proxy'), 10_000)
    const isCounted = async () =>
      (await running.admin('/metrics')).text.includes(
        'worker_connections_active{proxy_type="ReverseProxy"} 10000\n',
      )
    await until('they are counted', isCounted, 20_000)
    const { served, failed } = await witness.stop()
    expect(failed).toBe(0)
    expect(served).toBeGreaterThan(10)
  }, 60_000)

  it('a worker that cannot start: it is given up, and the daemon runs', async () => {
    const gone = join(folder, 'gone')
    mkdirSync(gone)
    const text = JSON.stringify({
      mode: 'Combined',
      listen_addr: '127.0.0.1:0',
      admin: { enabled: false },
      workers: {
        forward_proxy: { port: 0 },
        static_files: { port: 0, mounts: [{ path: '/', root_dir: gone }] },
      },
    })
    const { settings } = parseConfig(text, { file: 'test.json', baseDir: folder })
    rmSync(gone, { recursive: true })
    const daemon = await startDaemon(settings, {
      log: () => {},
      policy: { ...defaultRestartPolicy, intensity: 2 },
    })
    await daemon.running
    const stateOf = (name: string) => daemon.overview.actors().find(({ actor }) => actor === name)?.state
    expect(stateOf('supervisor:static_files')).toBe('gaveUp')
    expect(stateOf('supervisor:forward_proxy')).toBe('supervising.steady')
    // Main holds its address; nobody comes for the connection.
    using client = await RawClient.connect(daemon.addresses()['static_files']?.[0]?.port ?? 0)
    expect((await client.get('/')).status).toBe(503)
    daemon.stop()
    await daemon.stopped
  })

  it('a crash loop: it is given up, and comes back after the revival time', async () => {
    await using origin = await startOrigin()
    await using running = await startTestDaemon(victimAndWitness(`http://${origin.authority}`), {
      allowFaults: true,
      policy: { ...defaultRestartPolicy, intensity: 2, revivalMs: 500 },
    })
    const witness = startPulse(running.port('static_files'))
    for (let generation = 1; generation <= 3; generation++) {
      await until(
        `generation ${generation}`,
        () => running.stateOf(`reverse_proxy#${generation}`) === 'running.alive',
      )
      running.daemon.inject('reverse_proxy', 'kill')
    }
    await until('it is given up', () => running.stateOf('supervisor:reverse_proxy') === 'gaveUp')
    await until('it is revived', () => running.stateOf('reverse_proxy#4') === 'running.alive')
    using client = await RawClient.connect(running.port('reverse_proxy'))
    expect((await client.get('/')).status).toBe(200)
    expect((await witness.stop()).failed).toBe(0)
  })
})

describe('main', () => {
  it('may stall for two seconds: workers go on serving', async () => {
    await using running = await startTestDaemon(victimAndWitness('http://127.0.0.1:9'))
    const witness = startPulse(running.port('static_files'))
    await new Promise((resolve) => setTimeout(resolve, 200))
    const until = performance.now() + 2_000
    while (performance.now() < until);
    const { served, failed, maxMs } = await witness.stop()
    expect(failed).toBe(0)
    expect(served).toBeGreaterThan(50)
    expect(maxMs).toBeLessThan(1_500)
  })
})
