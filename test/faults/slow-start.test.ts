import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, describe, expect, test } from 'vitest'
import { defaultRestartPolicy } from '../../actors/restart-policy.ts'
import { RawClient } from '../kit/clients/raw-client.ts'
import { expectContained, watchBystanders } from '../kit/daemons/bystander.ts'
import { startChildDaemon } from '../kit/daemons/child-daemon.ts'
import { startTestDaemon } from '../kit/daemons/daemon.ts'
import { tempDir } from '../kit/files/temp-dir.ts'
import { startOriginThread } from '../kit/origins/origin-thread.ts'
import { until } from '../kit/waiting/until.ts'

const folder = tempDir()
writeFileSync(join(folder, 'index.html'), 'static page')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const workers = (target: string, isolation: 'thread' | 'process') => ({
  forward_proxy: { port: 0, isolation },
  reverse_proxy: { port: 0, target, isolation },
  static_files: { port: 0, mounts: [{ path: '/', root_dir: folder }], isolation },
})

const inCombined = (blocks: object) => ({ mode: 'Combined', listen_addr: '127.0.0.1:0', workers: blocks })

describe.each(['thread', 'process'] as const)('a slow start (%s)', (isolation) => {
  test('makes new connections wait; other workers are not affected', async () => {
    const flag = join(mkdtempSync(join(folder, 'flag-')), 'slow')
    const scenario = async () => {
      await using origin = await startOriginThread()
      const config = inCombined(workers(`http://${origin.authority}`, isolation))
      const kit = join(import.meta.dirname, '../kit/processes/slow-start.cjs')
      const preload = join(folder, `${isolation}.cjs`)
      writeFileSync(preload, `require(${JSON.stringify(kit)})(${JSON.stringify(flag)})`)
      const env = { NODE_OPTIONS: `--require ${preload}` }
      await using daemon = await startChildDaemon(config, 4_096, env)
      const bystanders = [
        { name: 'forward_proxy', port: daemon.port('forward proxy'), target: `http://${origin.authority}/` },
        { name: 'static_files', port: daemon.port('static files') },
      ]
      return await watchBystanders(bystanders, async () => {
        writeFileSync(flag, '')
        expect(await daemon.inject('reverse_proxy', 'kill')).toBe(202)
        const isStarting = async () => (await daemon.stateOf('reverse_proxy#2')) === 'running.starting'
        await until('the successor starts', isStarting)
        using client = await RawClient.connect(daemon.port('reverse proxy'))
        client.head('GET / HTTP/1.1', 'Host: slow.test')
        // Longer than five seconds: connections are held for as long as the start may take.
        await wait(6_000)
        expect(await isStarting()).toBe(true)
        expect([client.isEnded, client.pending.length]).toEqual([false, 0])
        rmSync(flag)
        expect((await client.response()).text).toBe('hello')
        expect(await daemon.stateOf('reverse_proxy#2')).toBe('running.alive')
      })
    }
    await expectContained(async () => {
      try {
        return await scenario()
      } finally {
        rmSync(flag, { force: true })
      }
    })
  })

  test('beyond its time limit is ended, tried again and given up; clients get 503', async () => {
    await using running = await startTestDaemon(inCombined(workers('http://127.0.0.1:9', isolation)), {
      // No instance starts within one millisecond.
      startTimeoutMs: 1,
      hold: { maxHeld: 10, maxHeldMs: 50 },
      policy: { ...defaultRestartPolicy, intensity: 1 },
    })
    expect(running.stateOf('daemon')).toBe('running')
    expect(running.stateOf('supervisor:reverse_proxy')).toBe('gaveUp')
    const ends = running.log.filter((line) => line.includes('"instance":"reverse_proxy#'))
    expect(ends).toEqual(
      [1, 2].map((n) => expect.stringMatching(`reverse_proxy#${n}.*"reason":"startTimeout"`)),
    )
    using client = await RawClient.connect(running.port('reverse_proxy'))
    expect((await client.get('/')).status).toBe(503)
    expect((await running.admin('/health')).json()).toMatchObject({
      workers: { reverse_proxy: { status: 'Critical', reasons: ['no instance is alive'] } },
    })
  })
})
