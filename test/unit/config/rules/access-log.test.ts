import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { load, messages, problems } from '../../../kit/configuration/config-text.ts'
import { tempDir } from '../../../kit/files/temp-dir.ts'

const config = (top: unknown, own?: unknown) => ({
  mode: 'Combined',
  listen_addr: '127.0.0.1:0',
  ...(top === undefined ? {} : { access_log: top }),
  workers: {
    forward_proxy: { port: 0, ...(own === undefined ? {} : { access_log: own }) },
    reverse_proxy: { port: 0, target: 'http://127.0.0.1:3000' },
  },
})

const logs = (given: unknown, folder?: string) =>
  load(given, folder).settings.workers.map(({ services }) => services[0]?.accessLog)

const defaults = { format: 'json', bufferBytes: 1_048_576, flushMs: 1_000 }

test('is off by default', () => {
  expect(logs(config(undefined))).toEqual([null, null])
})

test('at the top level applies to workers without their own', () => {
  const folder = tempDir()
  expect(logs(config('all.log', 'stdout'), folder)).toEqual([
    { ...defaults, path: 'stdout' },
    { ...defaults, path: join(folder, 'all.log') },
  ])
  expect(logs(config('stdout', 'off'))).toEqual([null, { ...defaults, path: 'stdout' }])
})

test('as an object has a format, a buffer and a flush time', () => {
  const given = { path: 'stdout', format: '%client "%{user-agent}"', buffer_kb: 128, flush_ms: 50 }
  expect(logs(config('off', given))).toEqual([
    { path: 'stdout', format: '%client "%{user-agent}"', bufferBytes: 131_072, flushMs: 50 },
    null,
  ])
})

test('is unchanged when the effective configuration is loaded again', () => {
  const folder = tempDir()
  const { effective, settings } = load(config({ path: 'x.log', format: 'combined' }, 'off'), folder)
  expect(load(JSON.stringify(effective), '/').settings).toEqual(settings)
})

test('is reported before the start if it cannot be written', () => {
  const folder = tempDir()
  mkdirSync(join(folder, 'directory'))
  expect(messages(config('no/such/x.log', 'directory'), folder)).toEqual([
    `access_log: "${folder}/no/such" does not exist; must be a file in an existing, writable directory`,
    `workers.forward_proxy.access_log: "${folder}/directory" is a directory; name the file in it`,
  ])
})

test('has its problems reported at their keys', () => {
  expect(
    messages(config({ path: 'off', format: '%{Cookie}', buffer_kb: 1, flush_sm: 1 }, { format: 'text' })),
  ).toEqual([
    'access_log.path: is "off"; write "access_log": "off" to disable the log',
    'access_log.format: is the text "%{Cookie}"; %{cookie} is a secret and never logged; remove it',
    'access_log.buffer_kb: is 1; must be a whole number from 128 to 1048576',
    'access_log.flush_sm: is not a known key; did you mean `flush_ms`?',
    'workers.forward_proxy.access_log.path: is missing; must be "stdout" or the path of a file',
    'workers.forward_proxy.access_log.format: is the text "text"; must be "json", "combined" or a template, such as "%client %status %{user-agent}"',
  ])
})

test('is reported with its position if it is neither text nor an object', () => {
  expect(problems('{"mode": "Forward",\n "listen_addr": "127.0.0.1:0",\n "access_log": 5}')).toEqual([
    'bifrost.json:3:16 access_log: is 5; must be "off", "stdout", the path of a file, or an object with path, format, buffer_kb, flush_ms',
  ])
})
