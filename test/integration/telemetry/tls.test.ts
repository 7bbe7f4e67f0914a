import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startTelemetry } from '../../../src/telemetry/export/export.ts'
import type { Telemetry } from '../../../src/telemetry/export/telemetry.ts'
import { tempDir } from '../../kit/files/temp-dir.ts'
import { startOtlpReceiver, waitForItem } from '../../kit/telemetry/otlp-receiver.ts'
import { settingsOf } from '../../kit/telemetry/telemetry-settings.ts'
import { type Made, makeCertificate } from '../../kit/tls/certificates.ts'
import { startTlsFront } from '../../kit/tls/tls-front.ts'
import { until } from '../../kit/waiting/until.ts'

const authority = makeCertificate({ subject: 'CA', isAuthority: true })
const site = makeCertificate({ subject: 'localhost', names: ['localhost'], issuer: authority })
const us = makeCertificate({ subject: 'bifrost', issuer: authority })

function filesOf(made: Readonly<Record<string, Made | string>>): (name: string) => string {
  const folder = tempDir()
  for (const [name, content] of Object.entries(made))
    writeFileSync(join(folder, name), typeof content === 'string' ? content : content.cert)
  return (name) => join(folder, name)
}

async function start(
  block: Record<string, unknown>,
  env: Record<string, string> = {},
): Promise<{ readonly telemetry: Telemetry; readonly log: readonly string[] }> {
  const log: string[] = []
  const telemetry = await startTelemetry(
    settingsOf({ metrics: { enabled: false }, logs: { enabled: true }, timeout_secs: 3, ...block }, env),
    { log: (level, message, fields) => log.push(`${level} ${message} ${fields?.['reason']}`) },
  )
  onTestFinished(() => telemetry.close(0))
  return { telemetry, log }
}

const line = (message: string) =>
  ({ atMs: 0, level: 'info', message, attributes: {}, event: null, traceId: null, spanId: null }) as const

const portOf = (url: string) => Number(new URL(url).port)

describe.each(['http/protobuf', 'grpc'] as const)('over %s with TLS', (protocol) => {
  const server = async (options: object = {}) => {
    const receiver = await startOtlpReceiver(['http', 'grpc'])
    const inner = portOf(protocol === 'grpc' ? receiver.grpcUrl : receiver.httpUrl)
    const alpn = protocol === 'grpc' ? ['h2'] : ['http/1.1']
    const { cert, key } = site
    const port = await startTlsFront(inner, { cert, key, ALPNProtocols: alpn, ...options })
    return { receiver, endpoint: `https://localhost:${port}`, protocol }
  }

  test('exports to a Collector whose certificate is signed by the configured authority', async () => {
    const { receiver, ...block } = await server()
    const file = filesOf({ 'ca.pem': authority })
    const { telemetry } = await start({ ...block, tls: { ca: file('ca.pem') } })
    telemetry.emitLog(line(`to ${protocol}`))
    await telemetry.flush(5_000)
    await waitForItem('the line', receiver.logs, ({ body }) => body === `to ${protocol}`)
  })

  test('presents its client certificate, and is refused without one', async () => {
    const { receiver, ...block } = await server({ ca: authority.cert, requestCert: true })
    const file = filesOf({ 'ca.pem': authority, 'us.pem': us, 'us.key': us.key })
    const ca = file('ca.pem')
    const bare = await start({ ...block, tls: { ca } })
    bare.telemetry.emitLog(line('nobody'))
    await until('it is refused', () => bare.telemetry.drops().logs === 1)
    const shown = await start({ ...block, tls: { ca, cert: file('us.pem'), key: file('us.key') } })
    shown.telemetry.emitLog(line(`shown ${protocol}`))
    await shown.telemetry.flush(5_000)
    await waitForItem('the line', receiver.logs, ({ body }) => body === `shown ${protocol}`)
    expect(receiver.logs.some(({ body }) => body === 'nobody')).toBe(false)
  })

  test('reads the file names from the environment if the configuration has none', async () => {
    const { receiver, ...block } = await server({ ca: authority.cert, requestCert: true })
    const file = filesOf({ 'ca.pem': authority, 'us.pem': us, 'us.key': us.key })
    const { telemetry } = await start(block, {
      OTEL_EXPORTER_OTLP_CERTIFICATE: file('ca.pem'),
      OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: file('us.pem'),
      OTEL_EXPORTER_OTLP_CLIENT_KEY: file('us.key'),
    })
    telemetry.emitLog(line(`by environment ${protocol}`))
    await telemetry.flush(5_000)
    await waitForItem('the line', receiver.logs, ({ body }) => body === `by environment ${protocol}`)
  })

  test('sends nothing to a Collector it cannot verify, and logs why', async () => {
    const { receiver, ...block } = await server()
    const { telemetry, log } = await start(block)
    telemetry.emitLog(line(`unbelieved ${protocol}`))
    await until('it is told', () => log.length > 0)
    expect(log[0]).toMatch(/^warn telemetry is not exported .*(unable to verify|certificate|Deadline)/i)
    expect(telemetry.drops().logs).toBe(1)
    expect(receiver.logs.some(({ body }) => body === `unbelieved ${protocol}`)).toBe(false)
  })
})
