import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../../../src/config/load.ts'
import { maskUrls, maskUserinfo } from '../../../../src/config/secrets/userinfo.ts'

const secret = 's3cr3t-canary'

describe('userinfo is masked', () => {
  test.each([
    [`http://u:${secret}@h:1/p`, 'http://***@h:1/p'],
    [`http://${secret}@h`, 'http://***@h'],
    [`HTTPS:\\\\u:${secret}@h`, 'HTTPS:\\\\***@h'],
    [`http:///u:${secret}@h`, 'http:///***@h'],
    [`http://u:a/b?${secret}#@h`, 'http://***@h'],
    [`http://u:a@b:${secret}@h`, 'http://***@h'],
    [`u:${secret}@h:3000`, '***@h:3000'],
    [`/http://u:${secret}@h`, '/http://***@h'],
    [`http://u:${secret}`, 'http://u:***'],
    [`http://u:${secret}%40h/p`, 'http://u:***/p'],
    [`http://[::1]:${secret}/p`, 'http://[::1]:***/p'],
    [`https://h/v1?key=${secret}`, 'https://h/v1?***'],
    [`https://u:p@h/v1?key=${secret}`, 'https://***@h/v1?***'],
    [`https://h?${secret}\nx`, 'https://h?***'],
    [`unix:/u:${secret}@h`, 'unix:/u:***@h'],
    ['http://h/p', 'http://h/p'],
    ['http://[::1]:80/p', 'http://[::1]:80/p'],
    ['http://h:80;', 'http://h:80;'],
    ['http://h:80:80/#x', 'http://h:80:80/#x'],
    ['/assets/@scope', '/assets/@scope'],
    ['unix:/run/@a', 'unix:/run/@a'],
  ])('in %s', (value, shown) => {
    expect(maskUserinfo(value)).toBe(shown)
  })

  test('in every URL of a sentence, in linear time', () => {
    expect(maskUrls(`no http://u:${secret}@h, no "https://a@b:${secret}@h/x"; a@b; "/u:${secret}@h"`)).toBe(
      'no http://***@h, no "https://***@h/x"; a@b; "/***@h"',
    )
    const start = performance.now()
    for (const hostile of ['://', ':', '/', '://@', '@']) maskUrls(hostile.repeat(65_536 / hostile.length))
    expect(performance.now() - start).toBeLessThan(5_000)
  })
})

const places: readonly (readonly [string, object])[] = [
  ...[
    `http://u:${secret}@h`,
    `http://u:p${'x'.repeat(80)}${secret}@h`,
    `ftp://u:${secret}@h`,
    `u:${secret}@h`,
    `http://u:${secret}@h:0`,
    `http://u:a/${secret}@h`,
    `http://u:${secret}@h b`,
    `http://u:${secret}`,
    `http://h/?key=${secret}`,
    `http://u:${secret}%40h`,
  ].flatMap((url): [string, object][] => [
    ['target', { workers: { reverse_proxy: { target: url } } }],
    ['telemetry.endpoint', { telemetry: { endpoint: url } }],
    ['listen_addr', { listen_addr: url }],
    ['admin.listen_addr', { admin: { listen_addr: url } }],
    ['mode', { mode: url }],
    ['a key', { [url]: 1 }],
    ['access_log', { access_log: { path: url, format: url } }],
    ['mounts', { workers: { static_files: { mounts: [{ path: url, root_dir: url }] } } }],
    ['telemetry.tls', { telemetry: { endpoint: 'https://127.0.0.1', tls: { ca: url } } }],
    ['trusted_proxies', { workers: { reverse_proxy: { trusted_proxies: [url] } } }],
  ]),
]

test.each(places)('no problem shows a password in %s', (_, block) => {
  const config = { mode: 'Reverse', listen_addr: '127.0.0.1:0', ...block }
  try {
    parseConfig(JSON.stringify(config), { file: 'c.json', baseDir: '/', env: {} })
  } catch (error) {
    expect(String(error)).not.toContain(secret)
    return
  }
  expect.fail('it is valid')
})

test('no syntax problem shows a password', () => {
  for (const text of [
    `{"a": &b "http://u:${secret}@h", *http://u:${secret}@h }`,
    `- http://u:${secret}@h`,
    `"http://u:${secret}@h"`,
    `mode: Reverse\ntarget: http://u:${secret}@h: x`,
  ])
    try {
      parseConfig(text, { file: 'c.json', baseDir: '/', env: {} })
    } catch (error) {
      expect(String(error)).not.toContain(secret)
    }
})
