import { createHook } from 'node:async_hooks'
import { expect, test } from 'vitest'
import { RawClient } from '../../../kit/clients/raw-client.ts'
import { filesIn, startEdge } from '../../../kit/daemons/data-plane.ts'
import { until } from '../../../kit/waiting/until.ts'

/** Repeating timers created by our code since the watch began, by call site. */
function watchIntervals() {
  const live = new Map<number, string>()
  const hook = createHook({
    init(id, type, _trigger, resource) {
      const { _repeat } = resource as { readonly _repeat?: number | null }
      const made = new Error(type).stack ?? ''
      if (type === 'Timeout' && typeof _repeat === 'number' && made.includes('/src/')) live.set(id, made)
    },
    destroy: (id) => void live.delete(id),
  }).enable()
  return { live, [Symbol.dispose]: () => void hook.disable() }
}

const startFiles = (headerMs: number) => startEdge(filesIn([], { timeouts: { headerMs, idleMs: 200 } }))

test('no timer runs before the first connection, nor for long after the last', async () => {
  using timers = watchIntervals()
  await using files = await startFiles(5_000)
  expect([...timers.live.values()]).toEqual([])
  using client = await RawClient.connect(files.port)
  expect((await client.get('/')).status).toBe(404)
  expect(timers.live.size).toBeGreaterThan(0)
  client.destroy()
  await until('all timers have ended', () => timers.live.size === 0)
})

test('after a rest the header deadline applies again', async () => {
  using timers = watchIntervals()
  await using files = await startFiles(200)
  using first = await RawClient.connect(files.port)
  await first.get('/')
  first.destroy()
  await until('all timers have ended', () => timers.live.size === 0)
  using second = await RawClient.connect(files.port)
  second.send('GET / HTTP/1.1\r\nHost: a\r\nX-Half')
  expect((await second.response()).status).toBe(408)
})
