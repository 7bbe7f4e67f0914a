/** The files that `npm run charts` makes, one per machine: what a chart is, and where each part of it is drawn. */
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
  /** Names of actions and actors. */
  readonly entry: readonly string[]
  readonly exit: readonly string[]
  readonly invoke: readonly string[]
  /** Target id; compound states only. */
  readonly initial?: string
  readonly children: readonly ChartNode[]
}

export interface ChartEdge {
  /** `sourceId|eventType|index`; further targets of the same transition have `+N` at the end. */
  readonly id: string
  readonly source: string
  readonly target: string
  /** It has no target: a row inside the state, no arrow. */
  readonly internal: boolean
  /** As XState names the event; empty for one that needs none. */
  readonly event: string
  readonly label: string
  readonly guard?: string
  readonly actions: readonly string[]
}

/** Whole pixels, from the top left corner of the chart. */
export interface ChartLayout extends Plan {
  /** Names of states only: for a chart that is small. */
  readonly compact: Plan
}

export type Box = readonly [x: number, y: number, w: number, h: number]

export interface Plan {
  readonly w: number
  readonly h: number
  /** State id, and `ID#init` for the dot of an initial state. */
  readonly n: Readonly<Record<string, Box>>
  /** `p`: x, y, x, y, ...; `l`: where its label is, with its size. `ID#init` for the arrow of an initial state. */
  readonly e: Readonly<Record<string, EdgeLayout>>
}

export interface EdgeLayout {
  readonly p: readonly number[]
  readonly l?: Box
}
