/**
 * The files that `npm run charts` writes, one per machine: the chart's content and the position of each part.
 */
export interface ChartFile {
  readonly chart: Chart
  readonly layout: ChartLayout
}

export interface Chart {
  readonly root: ChartNode
  readonly edges: readonly ChartEdge[]
}

export interface ChartNode {
  readonly id: string
  readonly key: string
  readonly type: 'atomic' | 'compound' | 'parallel' | 'final' | 'history'
  readonly description?: string
  /** Names of actions and invoked actors. */
  readonly entry: readonly string[]
  readonly exit: readonly string[]
  readonly invoke: readonly string[]
  /** Target id of the initial transition; compound states only. */
  readonly initial?: string
  readonly children: readonly ChartNode[]
}

export interface ChartEdge {
  /** `sourceId|eventType|index`. Further targets of the same transition end with `+N`. */
  readonly id: string
  readonly source: string
  readonly target: string
  /** True for a transition without a target: drawn as a row inside the state, not as an arrow. */
  readonly internal: boolean
  /** The event's XState name; empty for an eventless transition. */
  readonly event: string
  readonly label: string
  readonly guard?: string
  readonly actions: readonly string[]
}

/** Positions in whole pixels from the chart's top left corner. */
export interface ChartLayout extends Plan {
  /** A second layout with state names only, for small charts. */
  readonly compact: Plan
}

export type Box = readonly [x: number, y: number, w: number, h: number]

export interface Plan {
  readonly w: number
  readonly h: number
  /** Boxes by state id; `ID#init` is the dot of an initial state. */
  readonly n: Readonly<Record<string, Box>>
  /**
   * Arrows by edge id. `p` is x, y, x, y, ...; `l` is the label's box. `ID#init` is the arrow of an initial
   * state.
   */
  readonly e: Readonly<Record<string, EdgeLayout>>
}

export interface EdgeLayout {
  readonly p: readonly number[]
  readonly l?: Box
}
