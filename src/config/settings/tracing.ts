/** Settings of traces. */

/** What happens to the trace context of a client; the table is in docs/operations.md. */
export type ContextMode = 'propagate' | 'ignore' | 'extract' | 'inject'

export interface TracingRule {
  /** Share of new traces to sample, 0..1. */
  readonly sampleRatio: number
  readonly context: ContextMode
}

export interface TracingSettings extends TracingRule {
  /** Whether joined traces follow the sender's sampling decision instead of the ratio. */
  readonly parentBased: boolean
  /** Without a format other than baggage, contexts are neither read nor written. */
  readonly formats: readonly ('tracecontext' | 'baggage' | 'b3' | 'b3multi')[]
  /** Whether only traces of trusted proxies are joined. */
  readonly trustsProxiesOnly: boolean
  /** Longest prefix first. `pathPrefix` covers everything below it and is Latin-1: one character per byte. */
  readonly routes: readonly (TracingRule & { readonly pathPrefix: string })[]
}
