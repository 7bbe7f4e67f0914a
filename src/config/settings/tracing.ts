/** What becomes of the context of a trace; the whole table is in docs/operations.md. */
export type ContextMode = 'propagate' | 'ignore' | 'extract' | 'inject'

export interface TracingRule {
  /** Share of new traces that is sampled, 0..1. */
  readonly sampleRatio: number
  readonly context: ContextMode
}

export interface TracingSettings extends TracingRule {
  /** A trace that is joined is sampled where its sender has sampled it, whatever the ratio. */
  readonly parentBased: boolean
  /** With none besides baggage contexts are neither read nor written. */
  readonly formats: readonly ('tracecontext' | 'baggage' | 'b3' | 'b3multi')[]
  /** Whether only the traces of trusted proxies are joined. */
  readonly trustsProxiesOnly: boolean
  /** Longest path first; each with what lies below it, as bytes, one character each. */
  readonly routes: readonly (TracingRule & { readonly pathPrefix: string })[]
}
