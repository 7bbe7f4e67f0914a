import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { validate } from '../kit/collector/collector.ts'
import { collectorFile } from '../kit/collector/collector-binary.ts'
import { tempDir } from '../kit/files/temp-dir.ts'
import { describeCollector } from './suite.ts'

const folder = tempDir()
afterAll(() => rmSync(folder, { recursive: true }))

describeCollector('otel-collector.yaml', () => {
  test('is valid as it stands', () => {
    expect(validate(collectorFile)).toEqual({ ok: true, text: '' })
  })

  test.each([
    { TRACES_TO: '[otlp_grpc]', LOGS_TO: '[otlp_grpc]', METRICS_TO: '[prometheus, otlp_grpc]' },
    { TRACES_TO: '[otlp_http, debug]', LOGS_TO: '[otlp_http]', BACKEND_HTTP: 'https://otlp.example.com' },
    { BACKEND_GRPC: 'tempo:4317', TRACES_TO: '[otlp_grpc]' },
    {
      OTLP_GRPC_LISTEN: '192.0.2.1:4317',
      SELF_PORT: '9999',
      DEPLOY_ENV: 'prod',
      KEEP_PERCENT: '100',
      SLOW_MS: '50',
    },
  ])('is valid with %j', (env) => {
    expect(validate(collectorFile, env)).toEqual({ ok: true, text: '' })
  })

  test('is really checked: an unknown key and an unknown exporter are errors', () => {
    const file = join(folder, 'wrong.yaml')
    writeFileSync(file, readFileSync(collectorFile, 'utf8').replace('limit_mib:', 'limit_mb:'))
    expect(validate(file).text).toContain('limit_mb')
    expect(validate(collectorFile, { TRACES_TO: '[nowhere]' }).text).toContain('nowhere')
  })
})
