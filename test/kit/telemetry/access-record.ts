/** A sample access record. */
import type { AccessRecord } from '../../../src/telemetry/access-log/access-record.ts'

/** Access record of a plain successful exchange. */
export const accessRecord: AccessRecord = {
  service: 'reverse',
  client: '192.0.2.1',
  requestId: null,
  traceId: null,
  spanId: null,
  user: null,
  method: 'GET',
  target: '/a?b=c',
  host: 'www.test',
  version: 11,
  scheme: 'http',
  fields: ['User-Agent', 'curl/8', 'Referer', 'http://u:p@from.test/x'],
  status: 200,
  code: null,
  termination: '--',
  tunnelEnd: null,
  upstream: 'http://127.0.0.1:3000',
  attempts: 1,
  isReused: false,
  received: 100,
  sent: 200,
  headMs: 1.5,
  startedAt: 1_000,
  dialledAt: 1_000,
  connectedAt: 1_000.25,
  answeredAt: 1_002,
  endedAt: 1_003.12345,
}
