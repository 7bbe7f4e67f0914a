import { type AnyStateMachine, type AnyStateNode, getStateNodes } from 'xstate'

/**
 * Names of the arrows of a chart: `sourceId|eventType|index`, where index counts the transitions of that state for that event and
 * the event of an `always` is empty. Charts made at build time, the flight recorder and the page all use these. They are
 * those of the state-node tree, so that `.provide()`, which makes new objects, changes none.
 */
export type EdgeId = string

export interface Arrow {
  readonly id: EdgeId
  /** Id of the state it leaves. */
  readonly source: string
  /** Empty for `always`. */
  readonly eventType: string
  /** Ids of the states it leads to; none: it stays, and only acts. */
  readonly targets: readonly string[]
}

/** A transition of XState as far as it matters here. */
interface Transition {
  readonly eventType: string
  readonly target?: readonly { readonly id: string }[] | undefined
}

const edgeId = (source: string, eventType: string, index: number): EdgeId => `${source}|${eventType}|${index}`

/** Every state of a chart, its root first, parents before their children, in the order they are written in. */
export function stateNodesOf(machine: AnyStateMachine): readonly AnyStateNode[] {
  const below = (node: AnyStateNode): readonly AnyStateNode[] => [
    node,
    ...Object.values(node.states)
      .toSorted((a, b) => a.order - b.order)
      .flatMap(below),
  ]
  return below(machine.root)
}

/** The arrows that leave one state, with the object by which XState names each when it fires. */
export function arrowsFrom(node: AnyStateNode): readonly (Arrow & { readonly transition: object })[] {
  const lists: readonly (readonly [string, readonly Transition[]])[] = [
    ...node.transitions,
    ['', node.always ?? []],
  ]
  return lists.flatMap(([eventType, transitions]) =>
    transitions.map((transition, index) => ({
      id: edgeId(node.id, eventType, index),
      source: node.id,
      eventType,
      targets: (transition.target ?? []).map(({ id }) => id),
      transition,
    })),
  )
}

const edgesOfMachine = new WeakMap<AnyStateMachine, WeakMap<object, EdgeId>>()

function edgesOf(machine: AnyStateMachine): WeakMap<object, EdgeId> {
  const known = edgesOfMachine.get(machine)
  if (known !== undefined) return known
  const edges = new WeakMap<object, EdgeId>()
  for (const node of stateNodesOf(machine))
    for (const { transition, id } of arrowsFrom(node)) edges.set(transition, id)
  edgesOfMachine.set(machine, edges)
  return edges
}

/** The arrows that fired, of the very machine that runs (`actorRef.logic`); what is no arrow of it is left out. */
export function edgeIdsOf(machine: AnyStateMachine, transitions: readonly object[]): readonly EdgeId[] {
  const edges = edgesOf(machine)
  return transitions.flatMap((transition) => edges.get(transition) ?? [])
}

/**
 * The arrow that a chart took, where only its states and the event are known: the innermost that leaves one of the states, is for the
 * event (or an `always`), and leads there. None when the chart has no such arrow.
 */
export function edgesBetween(
  machine: AnyStateMachine,
  from: string,
  eventType: string,
  to: string,
): readonly EdgeId[] {
  const left = litStates(machine.id, from)
  const reached = litStates(machine.id, to)
  const arrows = stateNodesOf(machine)
    .filter(({ id }) => left.includes(id))
    .flatMap(arrowsFrom)
    .filter(({ targets }) => targets.some((id) => reached.includes(id)))
  const named = arrows.filter((arrow) => arrow.eventType === eventType)
  const found = (named.length > 0 ? named : arrows.filter((arrow) => arrow.eventType === '')).at(-1)
  return found === undefined ? [] : [found.id]
}

/** `{ booting: 'binding' }` -> `booting.binding`; of a chart without states: ''. */
export function stateText(value: unknown): string {
  if (typeof value === 'string') return value
  return Object.entries(value as Record<string, unknown>)
    .map(([name, inner]) => {
      const below =
        typeof inner === 'string' || Object.keys(inner as object).length > 0 ? stateText(inner) : ''
      return below === '' ? name : `${name}.${below}`
    })
    .join(' ')
}

/** Ids of the states that a text of `stateText` stands for, the root of the chart first: what is lit. */
export function litStates(machineId: string, state: string): readonly string[] {
  const lit = new Set([machineId])
  for (const path of state.split(' ')) {
    const keys = path === '' ? [] : path.split('.')
    for (let length = 1; length <= keys.length; length++)
      lit.add([machineId, ...keys.slice(0, length)].join('.'))
  }
  return [...lit]
}

/** Whether `litStates` names the states of a value as XState does: false where a state has an id of its own. */
export function hasPlainIds(machine: AnyStateMachine, value: unknown): boolean {
  const lit = new Set(litStates(machine.id, stateText(value)))
  return getStateNodes(machine.root, value as never).every(({ id }) => lit.has(id))
}
