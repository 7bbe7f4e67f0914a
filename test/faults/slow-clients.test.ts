/** A thousand slow clients beside honest clients of the same worker. */
import { truncateSync } from 'node:fs'
import { expect, test } from 'vitest'
import { createSite } from '../integration/static/site.ts'
import { attack } from '../kit/attacks/slow-attackers.ts'
import { RawClient } from '../kit/clients/raw-client.ts'
import { filesIn, reverseTo, startEdge, type TestEdge, type Tuning } from '../kit/daemons/data-plane.ts'
import { type OriginHandler, startOrigin } from '../kit/origins/origin.ts'
import { ownNow, waitedForCpuMs } from '../kit/processes/cpu-wait.ts'
import { until } from '../kit/waiting/until.ts'

const attackers = 1_000
/** A tenth of the deadline, one second, and the time a busy machine needs to connect, accept and check. */
const late = (deadlineMs: number) => deadlineMs * 1.1 + 1_000 + 5_000

const handler: OriginHandler = async (_req, res, seen) => {
  const body = await seen.body.catch(() => null)
  if (body !== null) res.end(`honest ${body.length}`)
}

/**
 * Sends requests with a body one after another, on kept and on new connections, until `stop.isOver`. Clients,
 * proxy and origin
 * share this thread, so `maxMs` excludes the time in which the machine had no CPU for it.
 */
async function beHonest(port: number, stop: { isOver: boolean }): Promise<{ served: number; maxMs: number }> {
  const result = { served: 0, maxMs: 0 }
  while (!stop.isOver) {
    using client = await RawClient.connect(port)
    for (let at = 0; at < 5 && !stop.isOver; at += 1) {
      const startedAt = ownNow()
      client.head('POST / HTTP/1.1', 'Host: a', 'Content-Length: 5').send('hello')
      const { status, text } = await client.response()
      if (status !== 200 || text !== 'honest 5') throw new Error(`an honest client got ${status} ${text}`)
      result.served += 1
      result.maxMs = Math.max(result.maxMs, ownNow() - startedAt)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  return result
}

/** Tracks the timers of the coarse clocks created from now on. */
function seeWatches() {
  const { setInterval } = globalThis
  const made: (NodeJS.Timeout & { readonly _destroyed?: boolean })[] = []
  const wrapped = (...given: Parameters<typeof setInterval>): NodeJS.Timeout => {
    const timer = setInterval(...given)
    if (new Error('made by').stack?.includes('http/clock.ts')) made.push(timer)
    return timer
  }
  globalThis.setInterval = Object.assign(wrapped, setInterval)
  return {
    get areOver() {
      return made.length > 0 && made.every(({ _destroyed }) => _destroyed)
    },
    [Symbol.dispose]() {
      globalThis.setInterval = setInterval
    },
  }
}

async function underAttack(how: 'head' | 'body' | 'read', tuning: Tuning) {
  await using origin = await startOrigin(handler)
  await using site = createSite()
  truncateSync(site.write('big.bin', ''), 64 * 1024 * 1024)
  const mount = { path: '/', rootDir: site.root, spaMode: false, spaFallbackFile: 'x', indexFiles: [] }
  const services = [reverseTo(`http://${origin.authority}`, tuning), filesIn([mount], tuning)]
  using timers = seeWatches()
  await using proxy = await startEdge(services)
  const waitedBefore = waitedForCpuMs()
  const stop = { isOver: false }
  const honest = Array.from({ length: 4 }, () => beHonest(proxy.port, stop))
  const cut = how === 'read' ? cutOff(proxy, honest.length) : undefined
  const result = await attack(proxy.port, attackers, how, cut).finally(() => {
    stop.isOver = true
  })
  const served = await Promise.all(honest)
  await leavesNothing(proxy, timers)
  await until('no upstream connection is in use', () => origin.sockets.size <= 10)
  for (const { served: count, maxMs } of served) {
    expect(count).toBeGreaterThan(5)
    expect(maxMs).toBeLessThan(3_000)
  }
  return {
    result,
    /** Time that attackers and proxy waited for a CPU. */
    waitedMs: result.waitedMs + waitedForCpuMs() - waitedBefore,
    counters: proxy.counters('reverse'),
    rejected: proxy.counters().requestsTotal,
    cutMs: (await cut) ?? 0,
    honest: served.reduce((sum, one) => sum + one.served, 0),
  }
}

/**
 * Time from the connection of all attackers, the clients that request the file, to the end of all of them.
 */
async function cutOff(proxy: TestEdge, honest: number): Promise<number> {
  await until('all attack', () => proxy.counters('static').filesServed === attackers, 90_000)
  const startedAt = ownNow()
  await until('all are cut off', () => proxy.edge.open <= honest, 30_000)
  return ownNow() - startedAt
}

async function leavesNothing(proxy: TestEdge, timers: { readonly areOver: boolean }): Promise<void> {
  await until('all connections are closed', () => proxy.edge.open === 0)
  await until('their sockets are as well', () => proxy.accepted.every((socket) => socket.destroyed))
  expect(proxy.admission.active).toBe(0)
  // The clock runs while there is a connection, a kept one to an upstream included.
  proxy.edge.dropIdle()
  await until('the clock has stopped', () => timers.areOver)
}

test('slow heads are answered with 408 at the header deadline', { timeout: 180_000 }, async () => {
  const { result, waitedMs, rejected, counters, honest } = await underAttack('head', {
    timeouts: { headerMs: 3_000 },
  })
  expect(result).toMatchObject({ connected: attackers, ended: attackers, answers: { 408: attackers } })
  expect(result.minMs).toBeGreaterThan(2_900)
  expect(result.maxMs).toBeLessThan(late(3_000) + waitedMs)
  expect(rejected).toBe(attackers)
  expect(counters).toMatchObject({ requestsTotal: honest, requestsFailed: 0 })
})

test('slow bodies are answered with 408 when they stay below the minimum rate', {
  timeout: 180_000,
}, async () => {
  const pace = { minBytesPerSecond: 240, graceMs: 2_000, bodyIdleMs: 60_000 }
  const { result, waitedMs, counters, honest } = await underAttack('body', { pace })
  expect(result).toMatchObject({ connected: attackers, ended: attackers, answers: { 408: attackers } })
  expect(result.minMs).toBeGreaterThan(1_900)
  expect(result.maxMs).toBeLessThan(late(2_000) + waitedMs)
  expect(counters).toMatchObject({ requestsTotal: attackers + honest, requestsFailed: 0 })
})

test('slow readers are disconnected, no matter how much the kernel has buffered for them', {
  timeout: 180_000,
}, async () => {
  const pace = { minBytesPerSecond: 240, graceMs: 1_000, bodyIdleMs: 2_000 }
  const { result, cutMs } = await underAttack('read', { pace })
  expect(result.connected).toBe(attackers)
  expect(cutMs).toBeLessThan(late(2_000))
})
