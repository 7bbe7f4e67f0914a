import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createBridge } from '../../../src/api.ts'
import { startBadCollector } from '../../kit/collector/bad-collector.ts'
import { tempDir } from '../../kit/files/temp-dir.ts'

const config = { mode: 'Forward', listen_addr: '127.0.0.1:0' } as const

test('in a library, a telemetry block enables the export and the environment does not', async () => {
  const collector = await startBadCollector('ok')
  process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] = collector.url
  onTestFinished(() => {
    delete process.env['OTEL_EXPORTER_OTLP_ENDPOINT']
  })
  const quiet = await createBridge(config)
  await quiet.close()
  expect(collector.asked).toBe(0)
  const loud = await createBridge({ ...config, telemetry: { logs: { enabled: true } } })
  await loud.close()
  expect(collector.taken).toBeGreaterThan(0)
})

test('a library writes its log to the configured file, complete when it is closed', async () => {
  const path = join(tempDir(), 'bridge.log')
  const lines: string[] = []
  const bridge = await createBridge(
    { ...config, logging: { targets: [{ type: 'file', path }] } },
    { log: (_, message) => lines.push(message) },
  )
  await bridge.close()
  const written = readFileSync(path, 'utf8')
  expect(written).toContain('daemon is running')
  expect(written).toContain('daemon is stopped')
  expect(lines).toContain('daemon is stopped')
})
