import { expect, test } from 'vitest'
import { describeTelemetry } from '../../../src/cli/describe-telemetry.ts'
import { settingsOf } from '../../kit/telemetry/telemetry-settings.ts'

test('lists the endpoint of each signal and the ignored variables, without secrets', () => {
  const settings = settingsOf(
    { logs: { enabled: false } },
    {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
      OTEL_EXPORTER_OTLP_HEADERS: 'api-key=secret',
      OTEL_EXPORTER_OTLP_TIMEOUT: 'soon',
      OTEL_TRACES_EXPORTER: 'none',
    },
  )
  expect(describeTelemetry(settings)).toBe(
    'telemetry: metrics to http://collector:4318/v1/metrics, no traces, no logs\n' +
      'OTEL_EXPORTER_OTLP_TIMEOUT is ignored: must be a whole number from 0 on\n',
  )
})

test('prints nothing if nothing is exported', () => {
  expect(describeTelemetry(null)).toBe('')
})
