import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { tempDir } from '../../../kit/files/temp-dir.ts'
import { settingsOf as settings } from '../../../kit/telemetry/telemetry-settings.ts'
import { makeCertificate } from '../../../kit/tls/certificates.ts'

const env = (values: Record<string, string>) => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
  ...values,
})

test('the queues of spans and log records follow OTEL_BSP_* and OTEL_BLRP_*', () => {
  const telemetry = settings(
    { logs: { enabled: true } },
    {
      OTEL_BSP_MAX_QUEUE_SIZE: '100',
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '50',
      OTEL_BSP_SCHEDULE_DELAY: '10',
      OTEL_BSP_EXPORT_TIMEOUT: '20',
      OTEL_BLRP_MAX_QUEUE_SIZE: '30',
    },
  )
  expect(telemetry?.traces?.batch).toEqual({ maxQueue: 100, maxBatch: 50, delayMs: 10, exportTimeoutMs: 20 })
  // A batch cannot be larger than its queue.
  expect(telemetry?.logs?.batch).toEqual({
    maxQueue: 30,
    maxBatch: 30,
    delayMs: 1000,
    exportTimeoutMs: 30_000,
  })
})

test('a delay of 0 means no wait, and a timeout of 0 means no timeout', () => {
  const telemetry = settings(
    {},
    { OTEL_BSP_SCHEDULE_DELAY: '0', OTEL_BSP_EXPORT_TIMEOUT: '0', OTEL_EXPORTER_OTLP_TIMEOUT: '0' },
  )
  expect(telemetry?.traces?.batch).toMatchObject({ delayMs: 0, exportTimeoutMs: 2 ** 31 - 1 })
  expect(telemetry?.traces?.exporter.timeoutMs).toBe(2 ** 31 - 1)
  expect(telemetry?.warnings).toEqual([])
})

test('limits of attributes, events and links are read, and the specific ones override the general ones', () => {
  const logs = { enabled: true }
  const bare = settings({ logs })
  expect(bare?.traces?.limits).toEqual({
    maxAttributes: 128,
    maxCharacters: Number.POSITIVE_INFINITY,
    maxEvents: 128,
    maxEventAttributes: 128,
    maxLinks: 128,
  })
  expect(bare?.logs?.limits).toEqual({ maxAttributes: 128, maxCharacters: Number.POSITIVE_INFINITY })
  const all = { OTEL_ATTRIBUTE_COUNT_LIMIT: '20', OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: '100' }
  expect(settings({ logs }, all)?.logs?.limits).toEqual({ maxAttributes: 20, maxCharacters: 100 })
  const telemetry = settings(
    { logs },
    {
      ...all,
      OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: '10',
      OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT: '50',
      OTEL_SPAN_EVENT_COUNT_LIMIT: '3',
      OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT: '2',
      OTEL_SPAN_LINK_COUNT_LIMIT: '0',
      OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT: '11',
      OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT: '51',
    },
  )
  expect(telemetry?.traces?.limits).toEqual({
    maxAttributes: 10,
    maxCharacters: 50,
    maxEvents: 3,
    maxEventAttributes: 2,
    maxLinks: 0,
  })
  expect(telemetry?.logs?.limits).toEqual({ maxAttributes: 11, maxCharacters: 51 })
})

test('the resource comes from the file, then OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES', () => {
  const variables = {
    OTEL_RESOURCE_ATTRIBUTES: 'service.name=a, team=r%C3%B6t%3D%2Cx ,zone=1',
    OTEL_SERVICE_NAME: 'b',
  }
  expect(settings({ resource: { zone: '2' } }, variables)?.resource).toEqual({
    'service.name': 'b',
    team: 'r\u00f6t=,x',
    zone: '2',
  })
})

describe('invalid variables', () => {
  test.each([
    ['OTEL_EXPORTER_OTLP_TIMEOUT', 'soon', 'must be a whole number from 0 on'],
    ['OTEL_BSP_MAX_QUEUE_SIZE', '0', 'must be a whole number above 0'],
    ['OTEL_SPAN_LINK_COUNT_LIMIT', '-1', 'must be a whole number from 0 on'],
    ['OTEL_SDK_DISABLED', 'yes', 'must be true or false'],
    ['OTEL_LOG_LEVEL', 'loud', 'must be none or error or warn or info or debug or verbose or all'],
    ['OTEL_RESOURCE_ATTRIBUTES', 'a', 'must be name=value pairs separated by commas, percent-encoded'],
    ['OTEL_RESOURCE_ATTRIBUTES', 'a=%zz', 'must be name=value pairs separated by commas, percent-encoded'],
    ['OTEL_EXPORTER_OTLP_PROTOCOL', 'http/json', 'must be http/protobuf or grpc'],
    ['OTEL_EXPORTER_OTLP_COMPRESSION', 'zstd', 'must be gzip or none'],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'secret', 'must be name=value pairs separated by commas'],
    ['OTEL_EXPORTER_OTLP_CERTIFICATE', '/no/such.pem', 'must be a file with certificates in PEM'],
    ['OTEL_EXPORTER_OTLP_CERTIFICATE', import.meta.filename, 'must be a file with certificates in PEM'],
    [
      'OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY',
      import.meta.filename,
      'a client certificate and its key must be set together',
    ],
    ['OTEL_TRACES_EXPORTER', 'zipkin', 'supported are otlp and none'],
    [
      'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
      'collector:4318',
      'must be an http: or https: URL without user name',
    ],
    [
      'OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE',
      'delta',
      'only cumulative is supported; see cumulativetodelta',
    ],
    ['OTEL_METRICS_EXEMPLAR_FILTER', 'trace_based', 'only always_off is supported; there are no exemplars'],
    [
      'OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION',
      'base2_exponential_bucket_histogram',
      'only explicit_bucket_histogram is supported; the buckets are in docs/metrics.md',
    ],
    ['OTEL_CONFIG_FILE', 'otel.yaml', 'not supported; use telemetry and tracing of the configuration file'],
    [
      'OTEL_ENTITIES',
      'service{service.name=a}',
      'not supported; put the attributes into OTEL_RESOURCE_ATTRIBUTES',
    ],
    ['OTEL_EXPORTER_PROMETHEUS_PORT', '9464', 'admin serves /metrics; see admin.listen_addr'],
  ])('%s=%s is ignored with a warning that omits its value', (name, value, right) => {
    const telemetry = settings(undefined, env({ [name]: value }))
    expect(telemetry?.warnings).toEqual([`${name} is ignored: ${right}`])
    expect(telemetry?.traces?.exporter).toMatchObject({ timeoutMs: 10_000, protocol: 'http/protobuf' })
  })

  test('are checked together if they belong together, and the warning names the wrong one', () => {
    const folder = tempDir()
    const made = ['one', 'other'].map((subject) => makeCertificate({ subject }))
    const file = (name: string, content = '') => {
      writeFileSync(join(folder, name), content)
      return join(folder, name)
    }
    const cert = file('one.pem', made[0]?.cert)
    const pair = (variables: Record<string, string>) => {
      const telemetry = settings(undefined, env(variables))
      return [telemetry?.traces?.exporter.tls, telemetry?.warnings]
    }
    const key = file('one.key', made[0]?.key)
    expect(
      pair({ OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: cert, OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY: key }),
    ).toEqual([
      { caFile: null, certFile: cert, keyFile: key },
      [
        'OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE is ignored: a client certificate and its key must be set together',
      ],
    ])
    const none = { caFile: null, certFile: null, keyFile: null }
    expect(
      pair({
        OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: cert,
        OTEL_EXPORTER_OTLP_CLIENT_KEY: file('other.key', made[1]?.key),
      }),
    ).toEqual([
      none,
      [
        'OTEL_EXPORTER_OTLP_CLIENT_KEY is ignored: must be a file with the key of OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE in PEM, without a passphrase',
      ],
    ])
    expect(pair({ OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: key, OTEL_EXPORTER_OTLP_CLIENT_KEY: key })).toEqual([
      none,
      ['OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE is ignored: must be a file with a certificate in PEM'],
    ])
  })

  test('are ignored by gRPC only, if only gRPC rejects them', () => {
    const telemetry = settings(
      undefined,
      env({
        OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'grpc',
        OTEL_EXPORTER_OTLP_HEADERS: 'a-bin=AAAA,api-key=secret',
      }),
    )
    expect(telemetry?.traces?.exporter.headers).toEqual({})
    expect(telemetry?.metrics?.exporter.headers).toEqual({ 'a-bin': 'AAAA', 'api-key': 'secret' })
    expect(telemetry?.warnings).toEqual([
      'OTEL_EXPORTER_OTLP_HEADERS is ignored: must be name=value pairs separated by commas; names over gRPC: letters, digits, "_", "-" and ".", not ending in -bin',
    ])
  })

  test('cause warnings even if no signal is exported', () => {
    const telemetry = settings(undefined, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://user:pw@collector' })
    expect(telemetry).toMatchObject({ metrics: null, traces: null, logs: null })
    expect(JSON.stringify(telemetry)).not.toContain('pw')
  })
})
