import { expect, test } from 'vitest'
import { PreparedFields, PreparedResponse } from '../../../../src/http/message/prepared.ts'
import { type HotFile, HotFiles } from '../../../../src/proxy/static/cache.ts'

const file = (size: number): HotFile => ({
  identity: 'x',
  isSettled: true,
  entity: { etag: '"x"', lastModified: '', lastModifiedMs: 0 },
  response: new PreparedResponse(200, [], Buffer.alloc(0)),
  headOf304: new PreparedFields([]),
  size,
  checkedAt: 0,
  renewal: undefined,
})

const kept = (cache: HotFiles, keys: string) =>
  [...keys].filter((key) => cache.get(key) !== undefined).join('')

test('the bytes never exceed the bound', () => {
  const cache = new HotFiles({ maxBytes: 100_000, maxEntries: 1000 })
  let seed = 1
  for (let left = 5000; left > 0; left -= 1) {
    seed = (seed * 48_271) % 2_147_483_647
    cache.put(`/${seed % 97}`, file(seed % 30_000))
    if (seed % 5 === 0) cache.drop(`/${seed % 89}`)
    if (seed % 3 === 0) cache.get(`/${seed % 83}`)
    expect(cache.bytes).toBeLessThanOrEqual(100_000)
  }
  expect(cache.size).toBeGreaterThan(1)
  for (let at = 0; at < 97; at += 1) cache.drop(`/${at}`)
  expect([cache.bytes, cache.size]).toEqual([0, 0])
})

test('the entries never exceed the bound, and empty files count too', () => {
  const cache = new HotFiles({ maxBytes: 20_000, maxEntries: 4 })
  for (const key of 'abcdef') cache.put(key, file(0))
  expect([cache.size, kept(cache, 'abcdef')]).toEqual([4, 'cdef'])
  const small = new HotFiles({ maxBytes: 20_000, maxEntries: 1000 })
  for (let at = 0; at < 1000; at += 1) small.put(`${at}`, file(0))
  expect(small.size).toBeLessThan(20)
})

test('an entry used since the last eviction scan is kept', () => {
  const cache = new HotFiles({ maxBytes: 1e6, maxEntries: 3 })
  for (const key of 'abc') cache.put(key, file(1))
  cache.get('a')
  cache.put('d', file(1))
  cache.get('a')
  cache.put('e', file(1))
  expect(kept(cache, 'abcde')).toBe('ade')
})

test('an entry is evicted even if all were used', () => {
  const cache = new HotFiles({ maxBytes: 1e6, maxEntries: 3 })
  for (const key of 'abc') cache.put(key, file(1))
  for (const key of 'abc') cache.get(key)
  cache.put('d', file(1))
  expect(kept(cache, 'abcd')).toBe('bcd')
})

test('a file larger than the bound is not kept, and the entry it replaces is removed', () => {
  const cache = new HotFiles({ maxBytes: 10_000, maxEntries: 3 })
  cache.put('a', file(1))
  cache.put('b', file(1))
  cache.put('b', file(10_000))
  expect([kept(cache, 'ab'), cache.size]).toEqual(['a', 1])
})

test('clear releases all bytes', () => {
  const cache = new HotFiles({ maxBytes: 10_000, maxEntries: 3 })
  cache.put('a', file(1))
  cache.clear()
  expect([cache.bytes, cache.size, cache.get('a')]).toEqual([0, 0, undefined])
})
