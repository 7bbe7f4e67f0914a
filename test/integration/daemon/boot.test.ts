import { rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { parseConfig } from '../../../src/config/load.ts'
import { startDaemon } from '../../../src/daemon.ts'
import { RawClient } from '../../kit/clients/raw-client.ts'
import { startTestDaemon } from '../../kit/daemons/daemon.ts'
import { tempDir } from '../../kit/files/temp-dir.ts'
import { startOrigin } from '../../kit/origins/origin.ts'

const site = tempDir()
writeFileSync(join(site, 'index.html'), 'static page')
afterAll(() => rmSync(site, { recursive: true, force: true }))

const threeWorkers = (target: string) => ({
  mode: 'Combined',
  listen_addr: '127.0.0.1:0',
  workers: {
    forward_proxy: { port: 0 },
    reverse_proxy: { port: 0, target },
    static_files: { port: 0, mounts: [{ path: '/', root_dir: site }] },
  },
})

describe.each(['thread', 'process', 'shared'] as const)('a daemon with three workers (%s)', (isolation) => {
  test('serves each type on its own port', async () => {
    await using origin = await startOrigin()
    await using running = await startTestDaemon(threeWorkers(`http://${origin.authority}`), { isolation })
    using forward = await RawClient.connect(running.port('forward_proxy'))
    using reverse = await RawClient.connect(running.port('reverse_proxy'))
    using files = await RawClient.connect(running.port('static_files'))
    expect((await forward.get(`http://${origin.authority}/`)).text).toBe('hello')
    expect((await reverse.get('/')).text).toBe('hello')
    expect((await files.get('/')).text).toBe('static page')
  })

  test('runs every worker in its own instance, each with its charts', async () => {
    await using running = await startTestDaemon(threeWorkers('http://127.0.0.1:9'), { isolation })
    expect(running.stateOf('daemon')).toBe('running')
    for (const [name, chart] of [
      ['forward_proxy', 'forward'],
      ['reverse_proxy', 'reverse'],
      ['static_files', 'static'],
    ]) {
      expect(running.stateOf(`supervisor:${name}`)).toBe('supervising.steady')
      expect(running.stateOf(`${name}#1`)).toBe('running.alive')
      expect(running.stateOf(`${name}#1/${chart}`)).toBe('accepting')
      expect(running.stateOf(`listener:${name}/0/0`)).toBe('delegated')
    }
  })

  test('answers a connection that arrives before its worker is ready', async () => {
    const { settings } = parseConfig(
      JSON.stringify({ ...threeWorkers('http://127.0.0.1:9'), admin: { enabled: false } }),
      {
        file: 'test.json',
        baseDir: site,
      },
    )
    const daemon = await startDaemon(settings, { log: () => {} })
    while ((daemon.addresses()['static_files']?.[0]?.port ?? 0) === 0) await new Promise(setImmediate)
    using client = await RawClient.connect(daemon.addresses()['static_files']?.[0]?.port ?? 0)
    expect((await client.get('/')).text).toBe('static page')
    daemon.stop()
    await daemon.stopped
  })
})

describe('several instances on one address', () => {
  const severalOn = (port: number) => ({
    mode: 'Static',
    listen_addr: `127.0.0.1:${port}`,
    admin: { enabled: false },
    workers: { static_files: { worker_threads: 4, mounts: [{ path: '/', root_dir: site }] } },
  })

  test('share the address, also with a fixed port', async () => {
    const probe = createServer().listen({ host: '127.0.0.1', port: 0 })
    await new Promise((resolve) => probe.once('listening', resolve))
    const { port } = probe.address() as { port: number }
    await new Promise((resolve) => probe.close(resolve))
    await using running = await startTestDaemon(severalOn(port))
    using client = await RawClient.connect(port)
    expect((await client.get('/')).text).toBe('static page')
    expect(running.stateOf('static_files#4')).toBe('running.alive')
  })

  test('report one error together if the address is in use', async () => {
    await using running = await startTestDaemon(severalOn(0))
    const port = running.port('static_files')
    const { settings } = parseConfig(JSON.stringify(severalOn(port)), { file: 'test.json', baseDir: site })
    const daemon = await startDaemon(settings, { log: () => {} })
    const lines = await daemon.running.catch((error: Error) => error.message.split('\n'))
    expect(lines).toEqual([
      expect.stringContaining(`cannot listen on 127.0.0.1:${port}: the address is already in use`),
    ])
    await daemon.stopped
  })
})

describe('an address that is not available', () => {
  test('stops the start with one line per address, and releases the others', async () => {
    const taken = createServer().listen({ host: '127.0.0.1', port: 0 })
    await new Promise((resolve) => taken.once('listening', resolve))
    const { port } = taken.address() as { port: number }
    const config = {
      mode: 'Combined',
      admin: { listen_addr: `127.0.0.1:0` },
      workers: {
        forward_proxy: { listen_addr: `127.0.0.1:${port}` },
        static_files: { listen_addr: '192.0.2.1:8080', mounts: [{ path: '/', root_dir: site }] },
      },
    }
    const { settings } = parseConfig(JSON.stringify(config), { file: 'test.json', baseDir: site })
    const daemon = await startDaemon(settings, { log: () => {} })
    await expect(daemon.running).rejects.toThrow(
      `cannot listen on 127.0.0.1:${port}: the address is already in use; stop the program that uses it, or choose another port`,
    )
    await expect(daemon.running).rejects.toThrow(
      'cannot listen on 192.0.2.1:8080: this machine has no such address',
    )
    await daemon.stopped
    taken.close()
    const admin = daemon.addresses()['admin']?.[0]?.port ?? 0
    await expect(RawClient.connect(admin)).rejects.toThrow('ECONNREFUSED')
  })
})
