import { describe, expect, test } from 'vitest'
import { messages, worker } from '../../../kit/configuration/config-text.ts'

const target = 'http://127.0.0.1:3000'
const forward = (listen_addr: string, block: object = {}) => ({
  mode: 'Forward',
  listen_addr,
  workers: { forward_proxy: block },
})

describe('port (D03)', () => {
  test('uses the host of the top-level listen_addr', () => {
    expect(worker(forward('10.0.0.1:8080', { port: 3128 }), 'forward_proxy').listen).toEqual([
      { host: '10.0.0.1', port: 3128 },
    ])
  })

  test('shares the listener of listen_addr if the ports are equal', () => {
    expect(worker(forward('10.0.0.1:8080', { port: 8080 }), 'forward_proxy').listen).toEqual([
      { host: '10.0.0.1', port: 8080 },
    ])
  })

  test('is refused without a listen_addr, since it has no host', () => {
    expect(messages({ mode: 'Forward', workers: { forward_proxy: { port: 3128 } } })).toEqual([
      'workers.forward_proxy.port: has no host; add a top-level listen_addr, or give listen_addr such as "127.0.0.1:8080" instead',
    ])
  })

  test('is accepted if it equals the port of the listen_addr of the worker', () => {
    expect(
      messages({ mode: 'Forward', workers: { forward_proxy: { port: 1, listen_addr: 'a:1' } } }),
    ).toEqual([])
  })

  test('is refused if it differs from the listen_addr of the worker', () => {
    expect(
      messages({ mode: 'Forward', workers: { forward_proxy: { port: 2, listen_addr: 'a:1' } } }),
    ).toEqual([
      'workers.forward_proxy.port: is 2, but listen_addr of the same worker has port 1; keep one of them',
    ])
  })
})

describe('an address', () => {
  test('is reported as missing, with the place to add it', () => {
    expect(messages({ mode: 'Forward' })).toEqual([
      'mode: leaves forward_proxy without an address; add "listen_addr": "127.0.0.1:8080" to it, or at the top level',
    ])
  })

  test('of a worker overrides the top-level one', () => {
    expect(worker(forward('10.0.0.1:8080', { listen_addr: '[::1]:0' }), 'forward_proxy').listen).toEqual([
      { host: '::1', port: 0 },
    ])
  })

  test('of the demo upstream is required while it is enabled', () => {
    expect(messages({ ...forward('a:1'), demo_upstream: {} })).toEqual([
      'demo_upstream: has no listen_addr; add one, such as "listen_addr": "127.0.0.1:9981"',
    ])
    expect(messages({ ...forward('a:1'), demo_upstream: { enabled: false } })).toEqual([])
  })
})

describe('a duplicate address', () => {
  test('is refused between workers, and the message suggests sharing', () => {
    const workers = { forward_proxy: {}, reverse_proxy: { target, port: 8080 } }
    expect(messages({ mode: 'Combined', listen_addr: '0.0.0.0:8080', workers })).toEqual([
      'workers.reverse_proxy.port: 0.0.0.0:8080 is taken by listen_addr (forward_proxy); remove it to share that listener, or choose another port',
    ])
  })

  test('is refused between two workers with addresses of their own', () => {
    const workers = { forward_proxy: { listen_addr: 'a:1' }, reverse_proxy: { target, listen_addr: 'A.:1' } }
    expect(messages({ mode: 'Combined', workers })).toEqual([
      'workers.reverse_proxy.listen_addr: A.:1 is taken by workers.forward_proxy.listen_addr; choose another port',
    ])
  })

  test('is refused against admin, also by its default', () => {
    expect(messages(forward('127.0.0.1:9900'))).toEqual([
      'listen_addr: 127.0.0.1:9900 is taken by admin.listen_addr, by default; choose another port',
    ])
  })

  test('is refused against the demo upstream', () => {
    expect(
      messages({ ...forward('127.0.0.1:8080'), demo_upstream: { listen_addr: '127.0.0.1:8080' } }),
    ).toEqual([
      'demo_upstream.listen_addr: 127.0.0.1:8080 is taken by listen_addr (forward_proxy); choose another port',
    ])
  })

  test('is accepted if one of the two is disabled', () => {
    expect(messages({ ...forward('127.0.0.1:9900'), admin: { enabled: false } })).toEqual([])
  })

  test.each([
    ['0.0.0.0:80', '127.0.0.1:80', true],
    ['[::]:80', '127.0.0.1:80', true],
    ['[::]:80', '0.0.0.0:80', true],
    ['[::1]:80', '[0:0:0:0:0:0:0:1]:80', true],
    ['0.0.0.0:80', '[::1]:80', false],
    ['127.0.0.1:80', '127.0.0.2:80', false],
    ['127.0.0.1:80', '127.0.0.1:81', false],
    ['127.0.0.1:0', '127.0.0.1:0', false],
  ])('%s conflicts with %s: %s', (one, other, isSame) => {
    const config = { ...forward(one), admin: { enabled: false }, demo_upstream: { listen_addr: other } }
    expect(messages(config)).toHaveLength(isSame ? 1 : 0)
  })
})

describe('isolation', () => {
  const shared = (forward: object, reverse: object) => ({
    mode: 'Combined',
    listen_addr: '127.0.0.1:8080',
    workers: { forward_proxy: forward, reverse_proxy: { target, ...reverse } },
  })

  test('applies to the instances of all workers that share a listener', () => {
    const config = shared({ isolation: 'process' }, { isolation: 'process' })
    expect(worker(config, 'combined').isolation).toBe('process')
  })

  test('must be the same for workers that share a listener', () => {
    expect(messages(shared({ isolation: 'process' }, {}))).toEqual([
      'workers.reverse_proxy: has isolation thread, but forward_proxy shares its listener and has process; set both to the same value, or give one of them its own port',
    ])
  })

  test('may differ between workers with separate ports', () => {
    expect(messages(shared({ isolation: 'process' }, { port: 8081 }))).toEqual([])
  })
})
