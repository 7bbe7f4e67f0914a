/**
 * Computes where each part of a chart is drawn. ELK runs here only, never in the daemon or a browser
 * (docs/decisions/0021).
 */
import elkModule, { type ElkExtendedEdge, type ElkNode } from 'elkjs/lib/elk.bundled.js'
import type {
  Chart,
  ChartEdge,
  ChartLayout,
  ChartNode,
  EdgeLayout,
  Plan,
} from '../src/admin/page/chart/model.ts'
import {
  headerHeight,
  labelHeight,
  labelLines,
  labelWidth,
  nodesById,
  ownWidth,
} from '../src/admin/page/chart/rows.ts'

const Elk = elkModule as unknown as new () => { layout(graph: ElkNode): Promise<ElkNode> }

const options = {
  'elk.algorithm': 'layered',
  'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
  'elk.edgeRouting': 'ORTHOGONAL',
  'elk.layered.considerModelOrder.strategy': 'NODES_AND_EDGES',
  'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
  'elk.json.edgeCoords': 'ROOT',
  'elk.json.shapeCoords': 'ROOT',
  'elk.spacing.nodeNode': '30',
  'elk.layered.spacing.nodeNodeBetweenLayers': '40',
  'elk.layered.spacing.edgeNodeBetweenLayers': '16',
  'elk.spacing.edgeNode': '16',
  'elk.spacing.edgeEdge': '12',
  'elk.spacing.edgeLabel': '4',
}

const dense = {
  'elk.spacing.nodeNode': '14',
  'elk.layered.spacing.nodeNodeBetweenLayers': '18',
  'elk.layered.spacing.edgeNodeBetweenLayers': '8',
  'elk.spacing.edgeNode': '8',
  'elk.spacing.edgeEdge': '6',
}

const initId = (id: string) => `${id}#init`

/** Approximate sizes of the page's boxes: for a single chart, and for one of many. */
const large = { w: 1060, h: 690 }
const small = { w: 320, h: 230 }

export async function layoutOf(chart: Chart): Promise<ChartLayout> {
  const bare: Chart = {
    root: withoutRows(chart.root),
    edges: chart.edges.filter(({ internal }) => !internal),
  }
  return { ...(await fitting(chart, large)), compact: await fitting(bare, small) }
}

const withoutRows = (node: ChartNode): ChartNode => ({
  ...node,
  entry: [],
  exit: [],
  invoke: [],
  children: node.children.map(withoutRows),
})

/** Picks the layout direction that can be shown larger. */
async function fitting(chart: Chart, window: { readonly w: number; readonly h: number }): Promise<Plan> {
  const isSmall = window === small
  const down = await laidOut(chart, 'DOWN', isSmall)
  const right = await laidOut(chart, 'RIGHT', isSmall)
  const scale = ({ w, h }: Plan) => Math.min(window.w / w, window.h / h, 1)
  return scale(right) > scale(down) ? right : down
}

async function laidOut(chart: Chart, direction: 'DOWN' | 'RIGHT', isSmall: boolean): Promise<Plan> {
  const placed = await new Elk().layout({
    id: '(page)',
    layoutOptions: {
      ...(isSmall ? { ...options, ...dense } : options),
      'elk.direction': direction,
      'elk.padding': '[top=8,left=8,bottom=8,right=8]',
    },
    children: [elkNode(chart.root, chart.edges)],
    edges: [
      ...chart.edges.filter(({ internal }) => !internal).map((edge) => elkEdge(edge, isSmall)),
      ...initialEdges(chart.root),
    ],
  })
  const n: Record<string, Plan['n'][string]> = {}
  for (const node of everyPlaced(placed)) {
    if (node.id !== placed.id)
      n[node.id] = [whole(node.x), whole(node.y), whole(node.width), whole(node.height)]
  }
  const e: Record<string, EdgeLayout> = {}
  for (const edge of everyPlaced(placed).flatMap(({ edges }) => edges ?? [])) e[edge.id] = edgeLayout(edge)
  for (const edge of chart.edges) belowHeader(edge, chart, n, e)
  return { w: whole(placed.width), h: whole(placed.height), n: sorted(n), e: sorted(e) }
}

function elkNode(node: ChartNode, edges: readonly ChartEdge[]): ElkNode {
  const header = headerHeight(node, edges)
  const width = ownWidth(node, edges)
  if (node.children.length === 0) return { id: node.id, width, height: Math.max(36, header + 4) }
  const dot = node.initial === undefined ? [] : [{ id: initId(node.id), width: 10, height: 10 }]
  return {
    id: node.id,
    layoutOptions: {
      'elk.padding': `[top=${header + 14},left=16,bottom=16,right=16]`,
      'elk.nodeSize.constraints': '[MINIMUM_SIZE]',
      'elk.nodeSize.minimum': `(${width},${header + 40})`,
    },
    children: [...dot, ...node.children.map((child) => elkNode(child, edges))],
  }
}

function elkEdge(edge: ChartEdge, isSmall: boolean): ElkExtendedEdge {
  if (isSmall) return { id: edge.id, sources: [edge.source], targets: [edge.target] }
  const lines = labelLines(edge)
  return {
    id: edge.id,
    sources: [edge.source],
    targets: [edge.target],
    labels: [
      {
        text: lines.join('\n'),
        width: labelWidth(edge),
        height: lines.length * labelHeight,
        layoutOptions: { 'elk.edgeLabels.inline': 'true' },
      },
    ],
  }
}

function initialEdges(node: ChartNode): readonly ElkExtendedEdge[] {
  const own =
    node.initial === undefined
      ? []
      : [{ id: initId(node.id), sources: [initId(node.id)], targets: [node.initial] }]
  return [...own, ...node.children.flatMap(initialEdges)]
}

const everyPlaced = (node: ElkNode): readonly ElkNode[] => [
  node,
  ...(node.children ?? []).flatMap(everyPlaced),
]

/** Starts a self-transition's arrow below the rows of its state instead of across them. */
function belowHeader(edge: ChartEdge, chart: Chart, n: Plan['n'], e: Record<string, EdgeLayout>): void {
  const source = nodesById(chart).get(edge.source)
  const box = n[edge.source]
  const line = e[edge.id]
  if (source === undefined || box === undefined || line === undefined) return
  const [x = 0, y, nextX, ...rest] = line.p
  if (y !== box[1] || x !== nextX || !edge.target.startsWith(`${edge.source}.`)) return
  e[edge.id] = { ...line, p: [x, y + headerHeight(source, chart.edges), nextX, ...rest] }
}

function edgeLayout({ sections = [], labels = [] }: ElkExtendedEdge): EdgeLayout {
  const points = sections.flatMap(({ startPoint, bendPoints = [], endPoint }) => [
    startPoint,
    ...bendPoints,
    endPoint,
  ])
  const [label] = labels
  return {
    p: points.flatMap(({ x, y }) => [whole(x), whole(y)]),
    ...(label === undefined
      ? {}
      : { l: [whole(label.x), whole(label.y), whole(label.width), whole(label.height)] as const }),
  }
}

const whole = (value: number | undefined) => Math.round(value ?? 0)

const sorted = <Value>(record: Record<string, Value>): Record<string, Value> =>
  Object.fromEntries(Object.entries(record).sort(([one], [other]) => (one < other ? -1 : 1)))
