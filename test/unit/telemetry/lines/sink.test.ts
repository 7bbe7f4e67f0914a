import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openFileSink, type Sink } from '../../../../src/telemetry/lines/sink.ts'
import { chunkBytes, LogWriter } from '../../../../src/telemetry/lines/writer.ts'
import { tempDir } from '../../../kit/files/temp-dir.ts'
import { until } from '../../../kit/waiting/until.ts'

test('closes a file that finishes opening after the writer has closed', async () => {
  const opening = Promise.withResolvers<Sink>()
  const writer = new LogWriter({
    open: () => opening.promise,
    bufferBytes: 4 * chunkBytes,
    flushMs: 5,
    retryMs: 10,
    onDropped: () => {},
    onTrouble: () => {},
  })
  await writer.close()
  const path = join(tempDir(), 'late.log')
  const sink = await openFileSink(path)
  let closings = 0
  opening.resolve({
    ...sink,
    close() {
      closings += 1
      sink.close()
    },
  })
  await until('it is closed', () => closings > 0)
  writer.reopen()
  expect(closings).toBe(1)
})
