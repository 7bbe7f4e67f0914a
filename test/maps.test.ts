/**
 * Text chosen by a peer, an operator or a file is looked up in a Map: in a plain object, `constructor` and
 * `__proto__` are found without an entry. The few objects indexed by text are listed with the reason why that
 * is safe.
 */
import { expect, test } from 'vitest'
import { findLookups } from './kit/source/type-scan.ts'

const root = new URL('..', import.meta.url).pathname.replace(/\/$/, '')

const ours = 'the words are our own names'
const own = 'asked with Object.hasOwn before'
const nullProto = 'has no prototype'

const safe: Readonly<Record<string, string>> = {
  'src/proxy/trace/exchange-attributes.ts: errorTable[failure as ErrorCode]': own,
  'src/config/text/parse.ts: value[name]': nullProto,
  'src/config/schema/check.ts: schema.shape[part]': own,
  'src/config/schema/check.ts: (parent as Record<string, unknown>)[part]': own,
  'src/config/schema/check.ts: (parent as Record<string, unknown>)[last]': 'deletes an own key',
  'src/config/schema/aliases.ts: (value as Record<string, unknown>)[key]': own,
  'src/config/resolve/environment.ts: this.#env[name]': ours,
  "src/config/rules/rules.ts: config[root as 'workers']": ours,
  'src/config/resolve/canonical.ts: block[first]': ours,
  'src/config/positions.ts: at[formatPath(path)]': nullProto,
  'src/config/positions.ts: at[name]': own,
  'src/config/resolve/resolve.ts: config.workers[only.name as WorkerKey]': ours,
  'src/config/limits-change.ts: changeSchema.shape[name as keyof typeof changeSchema.shape]': own,
  'src/http/h2/message.ts: out[name]': nullProto,
  'src/http/upstream/handshake.ts: record[name]': nullProto,
  'src/telemetry/access-log/export.ts: attributes[name]': ours,
  'src/supervise/views/readings.ts: workers[name]': ours,
  'src/supervise/channel/child-options.ts: own[name]': ours,
  'src/supervise/channel/process.ts: this.#boot.counters[type]': ours,
  'src/admin/api/traffic/why.ts: errorTable[record.code as ErrorCode]': ours,
  'src/admin/api/traffic/why.ts: remedies[code as ErrorCode]': ours,
  'src/admin/server.ts: this.#options.handlers[id]': ours,
  'src/admin/server.ts: plain[path]': own,
  'src/instance/instance.ts: this.#boot.maxConnections[type]': ours,
  'src/instance/instance.ts: this.#counters[type]': ours,
  'src/cli/describe.ts: addresses[worker.name]': ours,
  'actors/digest.ts: lists[machineId]': own,
  'actors/digest.ts: before[name]': ours,
  'actors/digest.ts: after[name]': ours,
  'src/admin/page/chart/draw.ts: layout.e[edge.id]': ours,
  'src/admin/page/chart/draw.ts: this.#plan.n[id]': ours,
  'src/admin/page/chart/draw.ts: this.#plan.n[node.id]': ours,
  'src/admin/page/chart/draw.ts: this.#plan.n[`${node.id}#init`]': ours,
}

const key = (file: string, text: string) => `${file}: ${text}`

test('no object is indexed by arbitrary text', () => {
  const found = findLookups(root, ['tsconfig.json', 'src/admin/page/tsconfig.json'], /^(?:src|actors)\//)
  const places = new Set(found.map(({ file, text }) => key(file, text)))
  const known = new Set(Object.keys(safe))
  expect([...places.difference(known)], 'use a Map, or say here why it is safe').toEqual([])
  expect([...known.difference(places)], 'is not there any more').toEqual([])
})

test('finds a lookup behind a cast, by a template and with `in`', () => {
  const found = findLookups(root, ['tsconfig.json'], /^test\/kit\/source\/lookups\.ts$/)
  expect(found.map(({ text }) => text)).toEqual([
    'table[word]',
    "table[word as 'a']",
    expect.stringMatching(/^table\[`/),
    'word in table',
  ])
})
