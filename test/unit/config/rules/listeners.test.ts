import { generateKeyPairSync } from 'node:crypto'
import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { load, messages, problems, worker } from '../../../kit/configuration/config-text.ts'
import { tempDir } from '../../../kit/files/temp-dir.ts'
import { makeCertificate, writeCertificate } from '../../../kit/tls/certificates.ts'

const target = 'http://127.0.0.1:3000'

const reverse = (block: object, top: object = {}) => ({
  mode: 'Reverse',
  ...top,
  workers: { reverse_proxy: { target, ...block } },
})

/** A directory with `a.pem` and `a.key` for a.test and *.b.test. */
function withFiles(): string {
  const directory = tempDir()
  writeCertificate(directory, 'a', makeCertificate({ subject: 'a.test', names: ['a.test', '*.b.test'] }))
  return directory
}

const pair = { cert: 'a.pem', key: 'a.key' }
const place = 'workers.reverse_proxy.listeners[0]'

/** Problems of one listener with TLS. */
const tlsProblems = (tls: object, directory = withFiles()) =>
  messages(reverse({ listeners: [{ address: '127.0.0.1:0', tls }] }), directory).map((line) =>
    line.replaceAll(directory, 'DIR').replace(`${place}.tls`, 'tls'),
  )

describe('listeners', () => {
  test('of listen_addr and of listeners are opened together', () => {
    const listeners = [{ address: '[::]:443' }, { address: 'unix:b.sock', mode: '0660' }]
    const block = { listen_addr: '0.0.0.0:80', listeners }
    expect(worker(reverse(block), 'reverse_proxy', '/base').listen).toEqual([
      { host: '0.0.0.0', port: 80 },
      { host: '::', port: 443 },
      { path: '/base/b.sock', mode: 0o660 },
    ])
  })

  test('of the top level are shared by workers without their own', () => {
    const config = {
      mode: 'Combined',
      listeners: [{ address: '127.0.0.1:1' }, { address: '127.0.0.1:2' }],
      workers: { forward_proxy: {}, reverse_proxy: { target, listen_addr: '127.0.0.1:3' } },
    }
    expect(worker(config, 'forward_proxy').listen.length).toBe(2)
    expect(worker(config, 'reverse_proxy').listen).toEqual([{ host: '127.0.0.1', port: 3 }])
  })

  test('on one path are an error, reported at the later one', () => {
    const listeners = [{ address: 'unix:/run/b.sock' }, { address: 'unix:/run/./b.sock' }]
    expect(messages(reverse({ listeners }))).toEqual([
      'workers.reverse_proxy.listeners[1].address: unix:/run/b.sock is taken by workers.reverse_proxy.listeners[0].address; choose another path',
    ])
  })

  test.each(['through a link', 'through a link to a directory above', 'that does not exist yet'])(
    'one socket file in a directory %s counts as one path',
    (how) => {
      const base = realpathSync(tempDir())
      mkdirSync(join(base, 'run', 'deep'), { recursive: true })
      symlinkSync(join(base, 'run'), join(base, 'link'))
      const [one, other] = {
        'through a link': ['run/b.sock', 'link/b.sock'],
        'through a link to a directory above': ['run/deep/b.sock', 'link/deep/../deep/b.sock'],
        'that does not exist yet': ['run/later/b.sock', 'link/later/b.sock'],
      }[how] as [string, string]
      const listeners = [{ address: `unix:${one}` }, { address: `unix:${join(base, other)}` }]
      expect(messages(reverse({ listeners }), base)).toEqual([
        `workers.reverse_proxy.listeners[1].address: unix:${join(base, one)} is taken by workers.reverse_proxy.listeners[0].address; choose another path`,
      ])
      const admin = { listen_addr: `unix:${other}` }
      expect(messages(reverse({ listeners: listeners.slice(0, 1) }, { admin }), base)).toEqual([
        `workers.reverse_proxy.listeners[0].address: unix:${join(base, one)} is taken by admin.listen_addr; choose another path`,
      ])
    },
  )

  test('socket files of the same name may be in two directories', () => {
    const listeners = [{ address: 'unix:/one/b.sock' }, { address: 'unix:/two/b.sock' }]
    expect(messages(reverse({ listeners }))).toEqual([])
  })

  test.each([
    [{ address: '127.0.0.1' }, 'has no port'],
    [{ address: 'unix:' }, 'has no path'],
    [{ address: `unix:/${'x'.repeat(90)}` }, 'at most 90 bytes'],
    [{ address: '127.0.0.1:0', mode: '0660' }, 'is for Unix sockets only'],
    [{ address: 'unix:/b', mode: '999' }, 'octal permission bits'],
    [{ address: '127.0.0.1:0', proxy_protocol: {} }, 'trusted: is missing'],
    [{ address: '127.0.0.1:0', proxy_protocol: { trusted: ['10.0.0.0/33'] } }, 'prefix length from 0 to 32'],
    [
      { address: '127.0.0.1:0', proxy_protocol: { trusted: ['example.com'] } },
      'must be an IP address or network',
    ],
  ])('%j is refused: %s', (listener, expected) => {
    const [first, ...others] = messages(reverse({ listeners: [listener] }))
    expect(first).toContain(expected)
    expect(others).toEqual([])
  })

  test('an effective configuration loads to the same settings', () => {
    const directory = withFiles()
    const config = reverse({
      listeners: [
        { address: 'unix:b.sock', proxy_protocol: { trusted: ['unix:'] } },
        { address: '127.0.0.1:1' },
      ],
      tls: { certificates: [pair] },
    })
    const first = load(config, directory)
    expect(load(first.effective, '/elsewhere').settings).toEqual(first.settings)
  })
})

describe('TLS settings', () => {
  const certificates = [pair]

  test('come from the listener, its worker or the top level', () => {
    const directory = withFiles()
    const config = {
      mode: 'Combined',
      listen_addr: '127.0.0.1:1',
      tls: { certificates, min_version: 'TLSv1.3' },
      workers: {
        forward_proxy: {},
        reverse_proxy: {
          target,
          tls: { certificates, handshake_timeout_secs: 1 },
          listeners: [
            { address: '127.0.0.1:2' },
            { address: '127.0.0.1:3', tls: { enabled: false } },
            { address: '127.0.0.1:4', tls: { certificates, handshake_timeout_secs: 2 } },
          ],
        },
      },
    }
    expect(worker(config, 'forward_proxy', directory).listen[0]?.tls?.minVersion).toBe('TLSv1.3')
    const own = worker(config, 'reverse_proxy', directory).listen
    expect(own.map(({ tls }) => tls?.handshakeMs)).toEqual([1000, undefined, 2000])
  })

  test('of a worker apply if it does not share the top-level listener', () => {
    const config = reverse({ tls: { certificates } }, { listen_addr: '127.0.0.1:1' })
    expect(worker(config, 'reverse_proxy', withFiles()).listen[0]?.tls).toBeDefined()
  })

  test('of a worker are refused if it shares its listener', () => {
    const config = {
      mode: 'Combined',
      listen_addr: '127.0.0.1:1',
      workers: { forward_proxy: { tls: { certificates } }, reverse_proxy: { target } },
    }
    expect(messages(config, withFiles())).toEqual([
      'workers.forward_proxy.tls: has no effect: this worker shares the top-level listeners; move tls to the top level',
    ])
  })

  test('of the top level are an error if no worker listens there', () => {
    const config = reverse({ listen_addr: '127.0.0.1:1' }, { tls: { certificates } })
    expect(messages(config, withFiles())[0]).toContain('which no worker uses; move it into a worker')
  })
})

describe('certificates', () => {
  test('a key without a certificate or the reverse is reported with line and column', () => {
    const text = `{ "mode": "Reverse", "workers": { "reverse_proxy": { "target": "${target}",
      "listeners": [{ "address": "127.0.0.1:0", "tls": { "certificates": [
        { "key": "a.key" },
        { "cert": "a.pem" } ] } }] } } }`
    const at = `${place}.tls.certificates`
    expect(problems(text, withFiles())).toEqual([
      `bifrost.json:3:9 ${at}[0].cert: is missing; must be the path of a file`,
      `bifrost.json:4:9 ${at}[1].key: is missing; must be the path of a file`,
    ])
  })

  test('tls without certificates is an error', () => {
    expect(tlsProblems({})[0]).toMatch(/^tls: has no certificates; add /)
  })

  test.each([
    ['other.key', 'tls.certificates[0].key: is not the key of this certificate'],
    ['none.key', 'tls.certificates[0].key: "DIR/none.key" does not exist'],
    ['a.pem', 'tls.certificates[0].key: "DIR/a.pem" has no private key'],
    ['broken.key', 'tls.certificates[0].key: "DIR/broken.key" has a private key that cannot be read'],
    ['secret.key', 'tls.certificates[0].key: "DIR/secret.key" has a passphrase'],
  ])('the key %s is refused: %s', (key, expected) => {
    const directory = withFiles()
    writeCertificate(directory, 'other', makeCertificate({ subject: 'other' }))
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const locked = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'open' } as const
    writeFileSync(join(directory, 'secret.key'), privateKey.export(locked))
    const broken = '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n'
    writeFileSync(join(directory, 'broken.key'), broken)
    const found = tlsProblems({ certificates: [{ cert: 'a.pem', key }] }, directory)
    expect(found.length).toBe(1)
    expect(found[0]).toContain(expected)
  })

  test.each([
    ['a.key', 'has a key and no certificate'],
    ['.', 'is a directory; name the file in it'],
    ['cut.pem', 'has a certificate (number 2) that cannot be read'],
  ])('the certificate %s is refused: %s', (cert, expected) => {
    const directory = withFiles()
    const { cert: whole } = makeCertificate({ subject: 'x' })
    const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'
    writeFileSync(join(directory, 'cut.pem'), whole + broken)
    expect(tlsProblems({ certificates: [{ cert, key: 'a.key' }] }, directory)[0]).toContain(expected)
  })

  test('names must be among those that the certificate contains', () => {
    const named = (names: readonly string[]) => tlsProblems({ certificates: [{ ...pair, names }] })
    expect(named(['A.test', 'one.b.test', '*.b.test'])).toEqual([])
    expect(named(['b.test'])[0]).toContain(
      'has "b.test", but the certificate is made out for a.test, *.b.test',
    )
    expect(named(['*.a.test'])[0]).toContain('has "*.a.test"')
  })

  test('two certificates for one name are an error', () => {
    const named = { ...pair, names: ['a.test'] }
    expect(tlsProblems({ certificates: [named, named] })[0]).toContain('has "a.test", which')
  })
})

describe('clients and ciphers', () => {
  const certificates = [pair]

  test.each([
    [{ client_auth: 'required' }, 'tls.client_auth: is required, but there is no client_ca'],
    [{ client_ca: 'a.pem' }, 'tls.client_ca: has no effect while client_auth is off'],
    [{ client_subject_header: 'X-S' }, 'tls.client_subject_header: has no effect while client_auth is off'],
    [
      { client_auth: 'optional', client_ca: 'a.key' },
      'tls.client_ca: "DIR/a.key" has a key and no certificate',
    ],
    [{ client_auth: 'optional', client_ca: 'a.pem', client_subject_header: 'a b' }, 'name of a header field'],
    [{ ciphers: 'NONSENSE' }, 'tls.ciphers: contains no cipher suite'],
    [{ min_version: 'TLSv1.1' }, 'must be "TLSv1.2" or "TLSv1.3"'],
  ])('%j is refused: %s', (more, expected) => {
    expect(tlsProblems({ certificates, ...more })[0]).toContain(expected)
  })

  test.each(['Host', 'content_length', 'Via', 'X-Forwarded-For', 'Connection'])(
    'the subject of a client cannot be sent in the field %s',
    (name) => {
      const clients = { client_auth: 'optional', client_ca: 'a.pem', client_subject_header: name }
      const expected = 'tls.client_subject_header: is a reserved header field'
      expect(tlsProblems({ certificates, ...clients })[0]).toContain(expected)
    },
  )
})
