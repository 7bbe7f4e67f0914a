import { expect, test, vi } from 'vitest'
import { WatchedExporter } from '../../../../src/telemetry/export/watched-exporter.ts'

test('the longest timeout that a variable can set does not expire at once', () => {
  vi.useFakeTimers()
  try {
    const onEnd = vi.fn()
    const exporter = new WatchedExporter<number>({
      inner: { export: () => {}, shutdown: () => Promise.resolve() },
      timeoutMs: 2 ** 31 - 1,
      sizeOf: () => 1,
      cutOff: () => {},
      onTaken: () => {},
      onEnd,
    })
    exporter.export(1, () => {})
    vi.advanceTimersByTime(60_000)
    expect(onEnd).not.toHaveBeenCalled()
  } finally {
    vi.useRealTimers()
  }
})
