import { EventEmitter } from 'node:events'
import type { ServerResponse } from 'node:http'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { SharedTexts } from '../../../src/admin/shared-text.ts'

const long = 300_000

/** Texts that start with the number of their build, each of which takes `costMs`. */
function texts({ costMs = 100, bytes = long, maxHeldBytes = 10 * long } = {}) {
  const clock = { now: 0 }
  const made: string[] = []
  const shared = new SharedTexts({
    make: (key) => {
      clock.now += costMs
      return Buffer.alloc(bytes, `${made.push(key)} `)
    },
    now: () => clock.now,
    maxHeldBytes,
  })
  const ask = (key = 'all') => shared.of(key).bytes.toString('latin1', 0, 1)
  return { clock, made, shared, ask }
}

/** A response, reduced to the parts that these tests need. */
function reader() {
  const res = Object.assign(new EventEmitter(), { isCut: false, destroy: () => {} })
  res.destroy = () => {
    res.isCut = true
    res.emit('close')
  }
  return res as unknown as ServerResponse & { readonly isCut: boolean }
}

describe('a long text', () => {
  test('is built once for all requests within four times its build time, then built again', () => {
    const { clock, ask } = texts()
    expect([ask(), ask(), ask()]).toEqual(['1', '1', '1'])
    clock.now = 499
    expect(ask()).toBe('1')
    clock.now = 500
    expect(ask()).toBe('2')
  })

  test('is never older than a second', () => {
    const { clock, ask } = texts({ costMs: 5_000 })
    ask()
    clock.now = 5_999
    expect(ask()).toBe('1')
    clock.now = 6_000
    expect(ask()).toBe('2')
  })

  test('is kept longer the more texts there are, so that all builds take a fifth of the time', () => {
    const { clock, ask, made } = texts({ costMs: 20 })
    while (clock.now < 10_000) {
      for (const key of ['a', 'b', 'c']) ask(key)
      clock.now += 1
    }
    expect(made.length * 20).toBeGreaterThan(1_500)
    expect(made.length * 20).toBeLessThan(2_500)
  })

  test('is compressed once', async () => {
    const { shared } = texts()
    const [one, other] = await Promise.all([shared.of('all').gzipped(), shared.of('all').gzipped()])
    expect(one).toBe(other)
    expect(gunzipSync(one)).toEqual(shared.of('all').bytes)
  })

  test('cuts off its slowest readers first if newer texts need the memory', () => {
    const { clock, shared } = texts({ maxHeldBytes: 2 * long })
    const readers = ['1', '2', '3'].map(() => {
      const res = reader()
      shared.of('all').readBy(res)
      clock.now += 1_000
      return res
    })
    expect(readers.map(({ isCut }) => isCut)).toEqual([true, false, false])
  })

  test('occupies no memory once it is outdated and read', () => {
    const { clock, shared } = texts({ maxHeldBytes: 2 * long })
    const [quick, slow] = [reader(), reader()]
    shared.of('all').readBy(quick)
    quick.emit('close')
    clock.now += 1_000
    for (let n = 0; n < 2; n += 1) {
      shared.of('all').readBy(slow)
      clock.now += 1_000
    }
    expect([quick.isCut, slow.isCut]).toEqual([false, false])
  })
})

test('a short text is built for every request', () => {
  const { ask } = texts({ bytes: 1_000 })
  expect([ask(), ask()]).toEqual(['1', '2'])
})
