import { describe, expect, test } from 'vitest'
import { load, messages, worker } from '../../kit/config-text.ts'

const reverse = (block: object) => ({
  mode: 'Reverse',
  listen_addr: '127.0.0.1:8080',
  workers: { reverse_proxy: { target: 'http://127.0.0.1:3000', ...block } },
})
const service = (block: object) => worker(reverse(block), 'reverse_proxy').services[0]

describe('where a request comes from', () => {
  test('nobody is believed, upstreams are told in both fields, and there are no ids, when nothing is said', () => {
    expect(service({})).toMatchObject({
      trust: { proxies: [], believes: 'x_forwarded' },
      forwarding: { xForwarded: true, forwarded: true, names: 'address' },
      requestId: null,
    })
  })

  test('is read, and written the same when it is shown', () => {
    const block = {
      trusted_proxies: ['10.0.0.0/8', '::1', '::ffff:10.0.0.0/104'],
      forwarding: { send: 'forwarded', believe: 'forwarded', client: 'obfuscated' },
      request_id: { in_response: true },
    }
    expect(service(block)).toMatchObject({
      trust: { proxies: block.trusted_proxies, believes: 'forwarded' },
      forwarding: { xForwarded: false, forwarded: true, names: 'obfuscated' },
      requestId: { inResponse: true },
    })
    const { effective } = load(reverse(block))
    expect(load(effective).effective).toEqual(effective)
  })

  test('request ids that are not enabled are none', () => {
    expect(service({ request_id: { enabled: false } })).toMatchObject({ requestId: null })
  })

  test.each([
    ['10.0.0', 'must be an IP address or network, such as "192.0.2.1", "10.0.0.0/8" or "2001:db8::/32"'],
    ['proxy.test', 'must be an IP address or network, such as "192.0.2.1", "10.0.0.0/8" or "2001:db8::/32"'],
    ['10.0.0.0/33', 'must have a prefix length from 0 to 32 after the slash'],
    ['10.0.0.0/', 'must have a prefix length from 0 to 32 after the slash'],
    ['::/129', 'must have a prefix length from 0 to 128 after the slash'],
    ['::ffff:10.0.0.0/8', 'must have a prefix length from 96 to 128 after the slash'],
  ])('the trusted proxy %j is refused', (text, right) => {
    expect(messages(reverse({ trusted_proxies: ['::1', text] }))).toEqual([
      `workers.reverse_proxy.trusted_proxies[1]: is the text ${JSON.stringify(text)}; ${right}`,
    ])
  })

  test('static files have no upstream to tell anything', () => {
    const config = {
      mode: 'Static',
      listen_addr: '127.0.0.1:8080',
      workers: { static_files: { mounts: [{ path: '/', root_dir: '.' }], forwarding: { send: 'both' } } },
    }
    expect(messages(config, process.cwd())).toEqual([
      'workers.static_files.forwarding.send: does not apply to static_files, only to forward_proxy and reverse_proxy; remove it',
    ])
  })
})

describe('access', () => {
  test('is for everybody when nothing is said, and has either list', () => {
    expect(service({})).toMatchObject({ access: null })
    expect(service({ access: { deny: ['10.0.0.0/8'] } })).toMatchObject({
      access: { allow: [], deny: ['10.0.0.0/8'] },
    })
  })

  test.each([{}, { allow: [] }, { allow: [], deny: [] }])('%j would admit everybody', (access) => {
    expect(messages(reverse({ access }))).toEqual([
      'workers.reverse_proxy.access: admits everybody; add allow or deny, such as "allow": ["10.0.0.0/8"], or remove it',
    ])
  })

  test('a wrong network is one problem', () => {
    expect(messages(reverse({ access: { allow: ['10.0.0.0/64'] } }))).toEqual([
      'workers.reverse_proxy.access.allow[0]: is the text "10.0.0.0/64"; must have a prefix length from 0 to 32 after the slash',
    ])
  })
})
