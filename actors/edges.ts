/** Arrows (edges) of a chart and the texts of its states, by stable ids. */

import { type AnyStateMachine, type AnyStateNode, getStateNodes } from 'xstate'

/**
 * `sourceId|eventType|index`. The index counts the transitions of the state for that event; the event of an
 * `always` is empty. The generated charts, the journal and the page use these ids. They follow the tree of
 * state nodes, so `.provide()`, which creates new objects, does not change them.
 */
export type EdgeId = string

export interface Arrow {
  readonly id: EdgeId
  /** Id of the state that the arrow leaves. */
  readonly source: string
  /** Empty for `always`. */
  readonly eventType: string
  /** Ids of the states it leads to; empty if the chart stays in its state and only acts. */
  readonly targets: readonly string[]
}

/** The fields of an XState transition that are used here. */
interface Transition {
  readonly eventType: string
  readonly target?: readonly { readonly id: string }[] | undefined
}

const edgeId = (source: string, eventType: string, index: number): EdgeId => `${source}|${eventType}|${index}`

/** Every state of a chart: root first, parents before children, in source order. */
export function stateNodesOf(machine: AnyStateMachine): readonly AnyStateNode[] {
  const below = (node: AnyStateNode): readonly AnyStateNode[] => [
    node,
    ...Object.values(node.states)
      .toSorted((a, b) => a.order - b.order)
      .flatMap(below),
  ]
  return below(machine.root)
}

/** The arrows that leave a state, each with the object by which XState identifies it when it fires. */
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

/**
 * Ids of the arrows that fired. `machine` must be the one that runs (`actorRef.logic`); objects it does not
 * know are left out.
 */
export function edgeIdsOf(machine: AnyStateMachine, transitions: readonly object[]): readonly EdgeId[] {
  const edges = edgesOf(machine)
  return transitions.flatMap((transition) => edges.get(transition) ?? [])
}

/**
 * The arrow that a chart took, derived from its states and the event: the innermost that leaves one of the
 * states, is for the event (or an `always`), and leads there. Empty if the chart has no such arrow.
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

/** `{ booting: 'binding' }` -> `booting.binding`; '' for a chart without states. */
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

/** Ids of the active states that a text of `stateText` stands for, root first. The page highlights these. */
export function litStates(machineId: string, state: string): readonly string[] {
  const lit = new Set([machineId])
  for (const path of state.split(' ')) {
    const keys = path === '' ? [] : path.split('.')
    for (let length = 1; length <= keys.length; length++)
      lit.add([machineId, ...keys.slice(0, length)].join('.'))
  }
  return [...lit]
}

/** Whether `litStates` names the states as XState does: false where a state has a custom id. */
export function hasPlainIds(machine: AnyStateMachine, value: unknown): boolean {
  const lit = new Set(litStates(machine.id, stateText(value)))
  return getStateNodes(machine.root, value as never).every(({ id }) => lit.has(id))
}
