/** Collects the spans that a data plane or a daemon exports. */
import type { SpanOutput } from '../../../src/proxy/trace/span-output.ts'
import { SpanBatch } from '../../../src/telemetry/trace/span-batch.ts'
import type { SpanRecord } from '../../../src/telemetry/trace/span-record.ts'
import type { Origin } from '../origins/origin.ts'
import { until } from '../waiting/until.ts'

export interface CollectedSpans {
  /** Output for a data plane. */
  readonly output: SpanOutput
  /** Export function for a daemon. */
  readonly exportSpans: (spans: readonly SpanRecord[]) => void
  readonly all: readonly SpanRecord[]
  readonly dropped: () => number
  /** Waits for `count` spans; returns the SERVER spans and the CLIENT spans by start time. */
  wait(count: number): Promise<{ servers: readonly SpanRecord[]; clients: readonly SpanRecord[] }>
}

/** Collects spans instead of exporting them. */
export function collectSpans(maxPerSecond = 100_000): CollectedSpans {
  const all: SpanRecord[] = []
  let dropped = 0
  const exportSpans = (spans: readonly SpanRecord[]): void => {
    all.push(...spans)
  }
  const batch = new SpanBatch({
    maxPerSecond,
    post: exportSpans,
    onDropped: (spans) => {
      dropped += spans
    },
  })
  return {
    output: {
      batch,
      attributes: {
        'proxy.worker.name': 'worker',
        'proxy.type': 'forward',
        'proxy.instance': 'worker#1',
        'proxy.generation': 1,
      },
    },
    exportSpans,
    all,
    dropped: () => dropped,
    async wait(count) {
      await until(`there are ${count} spans`, () => {
        batch.flush()
        return all.length >= count
      })
      const of = (kind: SpanRecord['kind']) =>
        all.filter((span) => span.kind === kind).sort((one, other) => one.startMs - other.startMs)
      return { servers: of('server'), clients: of('client') }
    },
  }
}

/** Settings that sample everything. */
export const sampleAll = { tracing: { sampleRatio: 1 } }

/** Values of a field in the latest request that an origin received, or in request number `at`. */
export function sentTo(origin: Origin, name: string, at = -1): readonly string[] {
  return origin.seen.at(at)?.all(name) ?? []
}
