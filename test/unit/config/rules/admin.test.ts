import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { isLocalAddress, parseAddress } from '../../../../src/config/address/address.ts'
import { load, messages } from '../../../kit/configuration/config-text.ts'
import { tempDir } from '../../../kit/files/temp-dir.ts'
import { selfSigned } from '../../../kit/tls/self-signed.ts'

const folder = tempDir()
const tls = { cert: join(folder, 'admin.pem'), key: join(folder, 'admin.key') }
writeFileSync(tls.cert, selfSigned.cert)
writeFileSync(tls.key, selfSigned.key)

const withAdmin = (admin: object) => ({ mode: 'Forward', listen_addr: '127.0.0.1:3128', admin })

describe('an admin address that other machines can reach', () => {
  test('needs TLS and a token, and one message requests both', () => {
    expect(messages(withAdmin({ listen_addr: '0.0.0.0:9900' }))).toEqual([
      'admin.listen_addr: is 0.0.0.0:9900, which other machines can reach; add "tls": { "cert": "admin.pem", "key": "admin.key" } and "token_file": "admin-token", or listen on 127.0.0.1 or unix:PATH',
    ])
  })

  test('needs a token in addition to TLS', () => {
    expect(messages(withAdmin({ listen_addr: '[::]:9900', tls }))).toEqual([
      'admin.listen_addr: is [::]:9900, which other machines can reach; add "token_file": "admin-token", or listen on 127.0.0.1 or unix:PATH',
    ])
  })

  test('needs TLS in addition to a token', () => {
    const token = 'a-token-of-some-length'
    expect(messages(withAdmin({ listen_addr: 'bridge.example:9900', token }))).toEqual([
      'admin.listen_addr: is bridge.example:9900, which other machines can reach; add "tls": { "cert": "admin.pem", "key": "admin.key" }, or listen on 127.0.0.1 or unix:PATH',
    ])
  })

  test('is accepted with both', () => {
    const { settings } = load(withAdmin({ listen_addr: '0.0.0.0:9900', tls, token_file: 'tok' }))
    expect(settings.admin).toMatchObject({
      isLocal: false,
      tls: { certFile: tls.cert, keyFile: tls.key },
      tokenFile: expect.stringMatching(/^\/.*\/tok$/),
    })
  })

  test('is not checked while admin is disabled', () => {
    expect(messages(withAdmin({ enabled: false, listen_addr: '0.0.0.0:9900' }))).toEqual([])
  })
})

test.each([
  ['127.0.0.1:1', true],
  ['127.9.9.9:1', true],
  ['localhost:1', true],
  ['LOCALHOST.:1', true],
  ['[::1]:1', true],
  ['[0:0:0:0:0:0:0:1]:1', true],
  ['[::ffff:127.0.0.1]:1', true],
  ['0.0.0.0:1', false],
  ['[::]:1', false],
  ['10.0.0.1:1', false],
  ['localhost.example.com:1', false],
  ['127.example.com:1', false],
  ['[::ffff:10.0.0.1]:1', false],
])('%s is local: %s', (text, isLocal) => {
  const { address } = parseAddress(text)
  expect(address && isLocalAddress(address)).toBe(isLocal)
})

test('an admin Unix socket is relative to the directory of the file, and is local', () => {
  const { settings, effective } = load(withAdmin({ listen_addr: 'unix:run/admin.sock' }))
  expect(settings.admin).toMatchObject({
    isLocal: true,
    listen: { path: expect.stringMatching(/^\/.*run\/admin\.sock$/) },
  })
  expect(effective.admin.listen_addr).toMatch(/^unix:\//)
})

test('TLS on a Unix socket and a token next to a token file are mistakes', () => {
  const token = 'a-token-of-some-length'
  expect(messages(withAdmin({ listen_addr: 'unix:/tmp/a.sock', tls, token, token_file: 'tok' }))).toEqual([
    'admin.tls: has no effect on a Unix socket; remove it',
    'admin.token_file: has no effect next to admin.token; keep one of them',
  ])
})

test('the certificate of admin is checked', () => {
  const [message] = messages(withAdmin({ tls: { ...tls, key: join(folder, 'none.key') } }))
  expect(message).toContain('admin.tls.key: ')
  expect(message).toContain('none.key')
})

test('a Unix socket of admin cannot be a listener of a worker', () => {
  const admin = { listen_addr: 'unix:/tmp/x.sock' }
  const config = { mode: 'Forward', listeners: [{ address: 'unix:/tmp/x.sock' }], admin }
  expect(messages(config)).toEqual([
    'listeners[0].address: unix:/tmp/x.sock is taken by admin.listen_addr; choose another path',
  ])
})
