import { type CounterBlock, count } from '../../telemetry/metrics/counters.ts'
import { SpanBatch } from '../../telemetry/trace/span-batch.ts'
import type { ExportSpans, SpanAttributes } from '../../telemetry/trace/span-record.ts'

/** Where the spans of an instance go, and what each of them says of it. */
export interface SpanOutput {
  readonly batch: SpanBatch
  readonly attributes: SpanAttributes
}

export interface SpanSource {
  /** Of the instance. */
  readonly id: string
  readonly generation: number
  readonly worker: { readonly name: string; readonly type: string }
  /** 0: telemetry is off. */
  readonly maxSpansPerSecond: number
}

/** Null while telemetry is off. What is dropped is counted in `block`. */
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
      // Of what belongs to no service; others have that of theirs.
      'proxy.type': worker.type,
      'proxy.instance': id,
      'proxy.generation': generation,
    },
  }
}
