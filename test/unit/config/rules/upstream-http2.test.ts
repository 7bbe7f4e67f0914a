import { expect, test } from 'vitest'
import { load, messages } from '../../../kit/configuration/config-text.ts'

const reverse = (block: object) => ({
  mode: 'Reverse',
  listen_addr: '127.0.0.1:1',
  workers: { reverse_proxy: block },
})
const poolOf = (config: object) => {
  const [service] = load(config).settings.workers[0]?.services ?? []
  return service !== undefined && 'pool' in service ? service.pool : undefined
}

test('HTTP/2 to an https target is accepted, in any case of its scheme', () => {
  for (const target of ['https://up:3000', 'HTTPS://up:3000']) {
    expect(poolOf(reverse({ target, upstream_http2: true }))?.http2, target).toBe(true)
  }
})

test('HTTP/2 to upstreams is off by default', () => {
  expect(poolOf(reverse({ target: 'https://up:3000' }))?.http2).toBe(false)
})

test('HTTP/2 to an http target is an error at its key', () => {
  expect(messages(reverse({ target: 'http://up:3000', upstream_http2: true }))).toEqual([
    expect.stringContaining(
      'workers.reverse_proxy.upstream_http2: is true, but HTTP/2 needs TLS and the target is http://up:3000; use an https: target, or remove it',
    ),
  ])
})

test('a forward proxy offers it to https targets only when it is on', () => {
  const forward = { mode: 'Forward', listen_addr: '127.0.0.1:1' }
  const workers = { forward_proxy: { upstream_http2: true } }
  expect(poolOf({ ...forward, workers })?.http2).toBe(true)
})

test('a value other than true or false is an error, and so is the key in static files', () => {
  expect(messages(reverse({ target: 'https://up:3000', upstream_http2: 'yes' })).join()).toContain(
    'upstream_http2',
  )
  const files = { mounts: [{ path: '/', root_dir: '.' }], upstream_http2: true }
  const config = { mode: 'Static', listen_addr: '127.0.0.1:1', workers: { static_files: files } }
  expect(messages(config).join()).toContain('static_files.upstream_http2')
})
