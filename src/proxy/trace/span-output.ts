/** The destination of the spans of an instance. */
import { type CounterBlock, count } from '../../telemetry/metrics/counters.ts'
import { SpanBatch } from '../../telemetry/trace/span-batch.ts'
import type { ExportSpans, SpanAttributes } from '../../telemetry/trace/span-record.ts'

/** The batch that an instance's spans go to, and the attributes that all of them have. */
export interface SpanOutput {
  readonly batch: SpanBatch
  readonly attributes: SpanAttributes
}

export interface SpanSource {
  /** Id of the instance. */
  readonly id: string
  readonly generation: number
  readonly worker: { readonly name: string; readonly type: string }
  /** 0 while telemetry is off. */
  readonly maxSpansPerSecond: number
}

/** Null while telemetry is off. Dropped spans are counted in `block`. */
export function createSpanOutput(
  { id, generation, worker, maxSpansPerSecond }: SpanSource,
  block: CounterBlock,
  post: ExportSpans,
): SpanOutput | null {
  if (maxSpansPerSecond === 0) return null
  const onDropped = (spans: number): void => count(block, 'spansDropped', spans)
  return {
    batch: new SpanBatch({ maxPerSecond: maxSpansPerSecond, post, onDropped }),
    attributes: {
      'proxy.worker.name': worker.name,
      // For requests that belong to no service; the others override it with the type of theirs.
      'proxy.type': worker.type,
      'proxy.instance': id,
      'proxy.generation': generation,
    },
  }
}
