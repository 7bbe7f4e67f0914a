import { rmSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import type { Isolation } from '../../src/config/settings/settings.ts'
import { RawClient } from '../kit/clients/raw-client.ts'
import { expectContained, expectServed, watchBystanders } from '../kit/daemons/bystander.ts'
import { type ChildDaemon, startChildDaemon } from '../kit/daemons/child-daemon.ts'
import { tempDir } from '../kit/files/temp-dir.ts'
import { startOriginThread } from '../kit/origins/origin-thread.ts'
import { until } from '../kit/waiting/until.ts'

const folder = tempDir()
writeFileSync(join(folder, 'index.html'), 'static page')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Maximum descriptors of a process; an idle daemon with two threads has about 40. */
const maxDescriptors = 200

const config = (target: string, isolation: Isolation) => ({
  mode: 'Combined',
  listen_addr: '127.0.0.1:0',
  workers: {
    reverse_proxy: { port: 0, target, max_connections: 5_000, isolation },
    static_files: { port: 0, mounts: [{ path: '/', root_dir: folder }], isolation },
  },
})

/** Opens connections and stays silent; the test ignores their outcome. */
function flood(port: number, count: number): readonly Socket[] {
  const sockets = Array.from({ length: count }, () => connect({ port, host: '127.0.0.1' }))
  for (const socket of sockets) socket.on('error', () => {}).resume()
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
  })
  return sockets
}

const isSettled = (sockets: readonly Socket[]) => sockets.every(({ connecting }) => !connecting)

/** Share of one CPU that the daemon uses. */
async function cpuShare(daemon: ChildDaemon): Promise<number> {
  const [before, from] = [daemon.cpuMs(), performance.now()]
  await wait(1_000)
  return (daemon.cpuMs() - before) / (performance.now() - from)
}

async function statusOf(port: number): Promise<number> {
  using client = await RawClient.connect(port)
  return (await client.get('/')).status
}

const linesWith = (daemon: ChildDaemon, text: string) => daemon.log.filter((line) => line.includes(text))

describe.each(['thread', 'process', 'shared'] as const)('a shortage of descriptors (%s)', (isolation) => {
  test('caused by connections to one type leaves enough for the others; the type recovers', async () => {
    const scenario = async () => {
      await using origin = await startOriginThread()
      await using daemon = await startChildDaemon(
        config(`http://${origin.authority}`, isolation),
        maxDescriptors,
      )
      const [port, other] = [daemon.port('reverse proxy'), daemon.port('static files')]
      expect(await statusOf(port)).toBe(200)
      const atRest = Math.max(...daemon.descriptors())
      const seen = await watchBystanders([{ name: 'static_files', port: other }], async () => {
        const sockets = flood(port, 2 * maxDescriptors)
        await until('all are answered by the kernel', () => isSettled(sockets))
        const refused = () => sockets.filter(({ destroyed }) => destroyed).length
        await until('those beyond the bound are ended', () => refused() > maxDescriptors)
        expect(await statusOf(port)).toBe(503)
        expect(Math.max(...daemon.descriptors())).toBeLessThan(maxDescriptors)
        expect(refused()).toBeLessThan(2 * maxDescriptors)
        for (const socket of sockets) socket.destroy()
        await until('it serves again', async () => (await statusOf(port)) === 200)
      })
      await until('nothing is left open', () => Math.max(...daemon.descriptors()) <= atRest + 2, 10_000)
      expect(linesWith(daemon, 'descriptors are scarce')).toHaveLength(1)
      expect(linesWith(daemon, 'instance ended')).toEqual([])
      return seen
    }
    await (isolation === 'shared' ? expectServed : expectContained)(scenario)
  })
})

describe.each(['thread', 'process'] as const)('using up all descriptors of a %s', (isolation) => {
  test('causes no crash, busy loop or log flood; service resumes when some are free', async () => {
    await using origin = await startOriginThread()
    await using daemon = await startChildDaemon(
      config(`http://${origin.authority}`, isolation),
      maxDescriptors,
    )
    const [port, other] = [daemon.port('reverse proxy'), daemon.port('static files')]
    expect([await statusOf(port), await statusOf(other)]).toEqual([200, 200])
    const lines = daemon.log.length
    const ask = (at: number) => statusOf(at).catch(() => 0)
    const usedUp = async () => {
      expect(await daemon.inject('reverse_proxy', 'descriptors')).toBe(202)
      // Connections that close meanwhile, such as the one that injected the fault, free a few.
      await until('they are', () => Math.max(...daemon.descriptors()) > maxDescriptors - 10)
      const sockets = flood(port, 50)
      await until('all are answered by the kernel', () => isSettled(sockets))
      // An endless loop of failing accepts would use a whole CPU.
      expect(await cpuShare(daemon)).toBeLessThan(0.5)
      for (const socket of sockets) socket.destroy()
      await until('it serves again', async () => (await ask(port)) === 200, 15_000)
    }
    // Threads share the descriptors of the process, so this fault, which no connection can cause, affects all
    // of them.
    if (isolation === 'thread') await usedUp()
    else await expectServed(() => watchBystanders([{ name: 'static_files', port: other }], usedUp))
    await until('so do the others', async () => (await ask(other)) === 200, 15_000)
    expect(daemon.isRunning()).toBe(true)
    expect(linesWith(daemon, 'instance ended')).toEqual([])
    expect(daemon.log.length - lines).toBeLessThan(20)
  })
})
