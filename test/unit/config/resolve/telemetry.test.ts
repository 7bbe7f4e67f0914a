import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../../../src/config/load.ts'
import { hideSecrets } from '../../../../src/config/schema/secret-keys.ts'
import { load, messages } from '../../../kit/configuration/config-text.ts'
import { tempDir } from '../../../kit/files/temp-dir.ts'
import { settingsOf as settings } from '../../../kit/telemetry/telemetry-settings.ts'
import { makeCertificate } from '../../../kit/tls/certificates.ts'

const config = (telemetry?: unknown) => ({
  mode: 'Forward',
  listen_addr: '127.0.0.1:0',
  ...(telemetry === undefined ? {} : { telemetry }),
})

const endpoint = 'http://collector:4318'
const env = (values: Record<string, string>) => ({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, ...values })

describe('telemetry', () => {
  test('is off when neither file nor environment configures an endpoint', () => {
    expect(settings(undefined)).toBeNull()
    expect(settings(undefined, { OTEL_SERVICE_NAME: 'a', OTEL_TRACES_EXPORTER: 'otlp' })).toBeNull()
  })

  test('is enabled by an empty block: metrics and traces go to the local Collector', () => {
    const telemetry = settings({})
    expect(telemetry?.metrics?.exporter.url).toBe('http://localhost:4318/v1/metrics')
    expect(telemetry?.traces?.exporter.url).toBe('http://localhost:4318/v1/traces')
    expect(telemetry?.logs).toBeNull()
  })

  test('is enabled by an endpoint in the environment alone', () => {
    expect(settings(undefined, env({}))?.metrics?.exporter.url).toBe(`${endpoint}/v1/metrics`)
  })

  test('is enabled for one signal by the endpoint of that signal, which is the whole URL', () => {
    const telemetry = settings(undefined, { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://t:1/in' })
    expect(telemetry?.traces?.exporter.url).toBe('http://t:1/in')
    expect(telemetry?.metrics).toBeNull()
  })

  test.each([
    ['the file', { enabled: false }, env({})],
    ['OTEL_SDK_DISABLED', { endpoint }, { OTEL_SDK_DISABLED: 'TRUE' }],
    [
      '"none" for every signal',
      { endpoint },
      { OTEL_TRACES_EXPORTER: 'none', OTEL_METRICS_EXPORTER: 'none' },
    ],
  ])('is disabled by %s', (_, block, variables) => {
    expect(settings(block, variables)).toBeNull()
  })

  test('is disabled for one signal by the file, or by "none" in the environment', () => {
    expect(settings({ traces: { enabled: false } })?.traces).toBeNull()
    expect(settings({}, { OTEL_METRICS_EXPORTER: 'none' })?.metrics).toBeNull()
    expect(settings({ logs: { enabled: true } }, { OTEL_LOGS_EXPORTER: 'none' })?.logs).toBeNull()
  })

  test('exports logs if the file, OTEL_LOGS_EXPORTER or their endpoint enables them', () => {
    expect(settings({ logs: { enabled: true, level: 'trace' } })?.logs?.level).toBe('debug')
    expect(settings({}, { OTEL_LOGS_EXPORTER: 'otlp' })?.logs).not.toBeNull()
    expect(settings({}, { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'http://l:1/x' })?.logs?.exporter.url).toBe(
      'http://l:1/x',
    )
    expect(settings({ logs: { enabled: false } }, { OTEL_LOGS_EXPORTER: 'otlp' })?.logs).toBeNull()
  })
})

describe('precedence', () => {
  const variables = env({
    OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
    OTEL_EXPORTER_OTLP_TIMEOUT: '1500',
    OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
    OTEL_EXPORTER_OTLP_HEADERS: 'api-key=one%20two,X-Both=env',
    OTEL_METRIC_EXPORT_INTERVAL: '5000',
  })

  test('the environment applies to keys that the file omits', () => {
    expect(settings({}, variables)?.metrics).toMatchObject({
      exporter: {
        url: endpoint,
        protocol: 'grpc',
        timeoutMs: 1500,
        compression: 'gzip',
        headers: { 'api-key': 'one two', 'x-both': 'env' },
      },
      intervalMs: 5000,
      timeoutMs: 5000,
    })
  })

  test('the file overrides the environment, but headers are merged', () => {
    const block = {
      endpoint: 'http://mine:1',
      protocol: 'http/protobuf',
      timeout_secs: 3,
      compression: 'none',
      headers: { 'x-both': 'file' },
      metrics: { interval_secs: 90 },
    }
    expect(settings(block, variables)?.metrics).toMatchObject({
      exporter: {
        url: 'http://mine:1/v1/metrics',
        protocol: 'http/protobuf',
        timeoutMs: 3000,
        compression: 'none',
        headers: { 'api-key': 'one two', 'x-both': 'file' },
      },
      intervalMs: 90_000,
      timeoutMs: 30_000,
    })
  })

  test('a variable for one signal overrides the general one', () => {
    const telemetry = settings(
      undefined,
      env({
        OTEL_EXPORTER_OTLP_HEADERS: 'a=1,b=1',
        OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'b=2',
        OTEL_EXPORTER_OTLP_TIMEOUT: '1000',
        OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: '2000',
        OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'grpc',
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'traces:4317',
        OTEL_EXPORTER_OTLP_INSECURE: 'false',
        OTEL_EXPORTER_OTLP_TRACES_INSECURE: 'true',
      }),
    )
    expect(telemetry?.traces?.exporter).toMatchObject({
      headers: { a: '1', b: '2' },
      timeoutMs: 2000,
      protocol: 'grpc',
      url: 'http://traces:4317',
    })
    expect(telemetry?.metrics?.exporter).toMatchObject({
      headers: { a: '1', b: '1' },
      timeoutMs: 1000,
      protocol: 'http/protobuf',
    })
  })
})

describe('mistakes in the file', () => {
  test.each([
    [{ endpoint: 'collector:4318' }, /^telemetry\.endpoint: .* must be an http: or https: URL/],
    [{ endpoint: 'http://u:p@collector' }, /^telemetry\.endpoint: .* must have no user name or password/],
    [{ protocol: 'http/json' }, /^telemetry\.protocol: .* must be "http\/protobuf" or "grpc"/],
    [{ endpont: 'x' }, /^telemetry\.endpont: is not a known key; did you mean `endpoint`\?/],
    [{ logs: { level: 'loud' } }, /^telemetry\.logs\.level: .* must be "trace", "debug"/],
    [{ tls: { ca: 'none.pem' } }, /^telemetry\.tls\.ca: ".*none.pem" does not exist; a relative path starts/],
    [{ tls: { key: 'a.pem' } }, /^telemetry\.tls\.key: has no effect without cert; add it/],
    [
      { protocol: 'grpc', headers: { 'a-bin': 'x' } },
      /^telemetry\.headers\.a-bin: is not a header name for gRPC; must be letters, digits/,
    ],
    [
      { protocol: 'grpc', headers: { '!foo': 'x' } },
      /^telemetry\.headers\["!foo"\]: is not a header name for gRPC/,
    ],
    [{ tls: { cert: 'a.pem' } }, /^telemetry\.tls\.cert: has no effect without key; add it/],
    [{ resource: { a: 1 } }, /^telemetry\.resource\.a: is 1; must be text/],
  ])('%j', (block, expected) => {
    expect(messages(config(block))[0]).toMatch(expected)
  })

  test('a header name that only gRPC rejects is a mistake if the environment selects gRPC', () => {
    const text = JSON.stringify(config({ headers: { '!foo': 'x' } }))
    const parse = (variables: Record<string, string>) =>
      parseConfig(text, { file: 'a.json', baseDir: tmpdir(), env: variables })
    expect(parse({}).settings.telemetry?.traces?.exporter.headers).toEqual({ '!foo': 'x' })
    expect(() => parse({ OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: 'grpc' })).toThrow(
      /^a\.json:1:78 telemetry\.headers\["!foo"\]: is not a header name for gRPC/,
    )
  })

  test('a TLS file that is not PEM or does not match the other one is reported at its key', () => {
    const folder = tempDir()
    const [us, them] = ['us', 'them'].map((subject) => makeCertificate({ subject }))
    for (const [name, content] of [
      ['us.pem', us?.cert],
      ['them.key', them?.key],
      ['torn.pem', us?.cert.replace(/\n[^\n]+\n/, '\n')],
    ] as const)
      writeFileSync(join(folder, name), content ?? '')
    const of = (tls: object) => messages(config({ endpoint: 'https://a', tls }), folder)
    expect(of({ ca: 'torn.pem' })[0]).toMatch(
      /^telemetry\.tls\.ca: .*certificate .number 1. that cannot be read/,
    )
    expect(of({ cert: 'us.pem', key: 'them.key' })).toEqual([
      'telemetry.tls.key: is not the key of this certificate; give the key that the certificate was asked for with',
    ])
    expect(of({ cert: 'torn.pem', key: 'them.key' })[0]).toMatch(/^telemetry\.tls\.cert: .*cannot be read/)
  })

  test('TLS with an http: endpoint is a mistake', () => {
    const folder = tempDir()
    writeFileSync(join(folder, 'ca.pem'), makeCertificate({ subject: 'CA', isAuthority: true }).cert)
    expect(messages(config({ endpoint, tls: { ca: 'ca.pem' } }), folder)).toEqual([
      'telemetry.tls: has no effect on an http: endpoint; write https:, or remove it',
    ])
  })
})

describe('headers', () => {
  const block = { endpoint, headers: { 'x-api-key': 'do-not-show' } }

  test('are never shown by --check', () => {
    const { shown, hidden } = hideSecrets(load(config(block)).effective)
    expect(hidden).toEqual(['telemetry.headers.x-api-key'])
    expect(JSON.stringify(shown)).not.toContain('do-not-show')
  })

  test('are not shown in an error either', () => {
    const wrong = messages(config({ headers: { 'x-api-key': 'do-not\nshow' } }))
    expect(wrong).toEqual([
      'telemetry.headers.x-api-key: is not usable; must be text of visible ASCII characters, with spaces only between them',
    ])
  })

  test('are an error if they cannot be decrypted', () => {
    expect(messages(config({ headers: { a: '{encrypted}AAAA' } }))[0]).toMatch(/^telemetry\.headers\.a: /)
  })
})
