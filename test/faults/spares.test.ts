import { type ChildProcess, fork } from 'node:child_process'
import type { Server } from 'node:net'
import { describe, expect, test } from 'vitest'
import { defaultRestartPolicy } from '../../actors/restart-policy.ts'
import { Mirror, type SocketHandle } from '../../src/supervise/listeners/mirror.ts'
import { keepReconnecting } from '../kit/clients/reconnecting-clients.ts'
import { keepReconnectingInThread } from '../kit/clients/reconnecting-clients-thread.ts'
import { startTestDaemon, type TestDaemon } from '../kit/daemons/daemon.ts'
import { startOrigin } from '../kit/origins/origin.ts'
import { tied } from '../kit/processes/tied.ts'
import { until } from '../kit/waiting/until.ts'

const patient = { ...defaultRestartPolicy, intensity: 1_000 }

/** A mirror whose first attempt at every spare is too late. */
class LateMirror extends Mirror {
  readonly #seen = new WeakSet<Server>()
  readonly #late = new Set<(handle: null) => void>()
  missed = 0

  override copy(server: Server): Promise<SocketHandle | null> {
    if (this.#seen.has(server)) return super.copy(server)
    this.#seen.add(server)
    this.missed += 1
    return new Promise((resolve) => this.#late.add(resolve))
  }

  override abandon(): void {
    super.abandon()
    for (const resolve of this.#late) resolve(null)
    this.#late.clear()
  }
}

const entry = new URL('../../src/supervise/listeners/mirror-process.ts', import.meta.url)

/** A mirror of which every second child is killed as soon as it exists. */
function mortalMirror() {
  const children: ChildProcess[] = []
  const mirror = new Mirror(() => {
    const child = tied(fork(entry, { execArgv: [], stdio: ['ignore', 'ignore', 'ignore', 'ipc'] }))
    children.push(child)
    if (children.length % 2 === 1) child.kill('SIGKILL')
    return child
  })
  return { mirror, children }
}

/** A mirror that makes no copy until it is repaired. */
class BrokenMirror extends Mirror {
  isBroken = true

  override copy(server: Server): Promise<SocketHandle | null> {
    return this.isBroken ? Promise.resolve(null) : super.copy(server)
  }
}

const start = (target: string, options: Parameters<typeof startTestDaemon>[1]) =>
  startTestDaemon(
    {
      mode: 'Reverse',
      listen_addr: '127.0.0.1:0',
      workers: { reverse_proxy: { target, worker_threads: 2 } },
    },
    { allowFaults: true, policy: patient, hold: { maxHeld: 1_024, maxHeldMs: 120_000 }, ...options },
  )

const instances = (running: TestDaemon) =>
  running.daemon.overview
    .actors()
    .filter(({ actor, state }) => /^reverse_proxy#\d+$/.test(actor) && state === 'running.alive')
    .map(({ actor }) => actor)

const isDelegated = (running: TestDaemon, slot: number) =>
  running.stateOf(`listener:reverse_proxy/0/${slot}`) === 'delegated'

/**
 * Kills all instances at the same time, `times` times: alternately as soon as the new instances are alive,
 * and as soon as they have
 * the listeners.
 */
async function killAll(running: TestDaemon, times: number): Promise<void> {
  for (let time = 0; time < times; time += 1) {
    await until('all are alive', () => instances(running).length === 2, 60_000)
    const isServing = () => isDelegated(running, 0) && isDelegated(running, 1)
    if (time % 2 === 1) await until('both listen', isServing, 60_000)
    const victims = instances(running)
    running.daemon.inject('reverse_proxy', 'kill')
    await until('they are gone', () => victims.every((id) => running.stateOf(id) === null), 60_000)
  }
  await until('all are alive again', () => instances(running).length === 2, 60_000)
}

describe.each(['thread', 'process'] as const)('killing all instances at once (%s)', (isolation) => {
  test('after the start and repeatedly, each time without a spare, refuses no connection', async () => {
    await using origin = await startOrigin((_req, res) => res.end('hello'))
    const mirror = new LateMirror()
    const sparing = { patienceMs: 50, maxMs: 120_000, retryMs: 60_000 }
    await using running = await start(`http://${origin.authority}`, { isolation, mirror, sparing })
    const result = await keepReconnectingInThread(running.port('reverse_proxy'), 16, () =>
      killAll(running, 4),
    )
    expect(result).toMatchObject({ refused: 0, busy: 0 })
    expect(result.served).toBeGreaterThan(0)
    expect(running.log.filter((line) => line.includes('has no spare'))).toEqual([])
    // Two are missed at the start, the others after their servers have left main.
    expect(mirror.missed).toBeGreaterThan(2)
  }, 180_000)

  test('after a replacement, with every second mirror process killed, refuses no connection', async () => {
    await using origin = await startOrigin((_req, res) => res.end('hello'))
    const { mirror, children } = mortalMirror()
    await using running = await start(`http://${origin.authority}`, { isolation, mirror })
    const result = await keepReconnectingInThread(running.port('reverse_proxy'), 16, async () => {
      for (let time = 0; time < 3; time += 1) {
        const before = instances(running)
        running.daemon.recycle('reverse_proxy')
        const isReplaced = () => instances(running).filter((id) => !before.includes(id)).length === 2
        await until('they are replaced', isReplaced, 60_000)
        await killAll(running, 1)
      }
    })
    expect(result).toMatchObject({ refused: 0, busy: 0 })
    expect(result.served).toBeGreaterThan(0)
    expect(children.length).toBeGreaterThan(1)
  }, 180_000)

  test('leaves listeners without a spare if none can be made, logs it, and makes one later', async () => {
    await using origin = await startOrigin((_req, res) => res.end('hello'))
    const mirror = new BrokenMirror()
    const sparing = { patienceMs: 50, maxMs: 100, retryMs: 100 }
    await using running = await start(`http://${origin.authority}`, { isolation, mirror, sparing })
    const result = await keepReconnecting(running.port('reverse_proxy'), 4, async (seen) => {
      await until('clients are served', () => seen.served > 20, 60_000)
      const warning = /^warn a listening socket has no spare.*reverse_proxy\/0\/0/
      expect(running.log.some((line) => warning.test(line))).toBe(true)
      mirror.isBroken = false
      const moves = () =>
        running.daemon.overview.moves().filter(({ cause }) => cause === 'listener.refresh').length
      await until('both have come back', () => moves() >= 2, 60_000)
      const isSettled = () => isDelegated(running, 0) && isDelegated(running, 1)
      await until('both are out again, and stay', isSettled, 60_000)
    })
    expect(result).toMatchObject({ refused: 0, reset: 0, busy: 0, unanswered: 0 })
  }, 120_000)
})
