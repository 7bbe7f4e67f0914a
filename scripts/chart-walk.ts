/** Reads a machine's public tree of state nodes into a chart (docs/decisions/0021). */
import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate'
import { arrowsFrom, stateNodesOf } from '../actors/edges.ts'
import type { Chart, ChartEdge, ChartNode } from '../src/admin/page/chart/model.ts'

type Arrow = ReturnType<typeof arrowsFrom>[number]

/** XState's own actions for an `after` timer, which already has its own arrow. */
const builtin = new Set(['xstate.raise', 'xstate.cancel'])

function nameOf(action: unknown): string {
  if (typeof action === 'string') return action
  const { type, name } = action as { readonly type?: string; readonly name?: string }
  return type ?? (name === undefined || name === '' ? 'inline' : name)
}

const namesOf = (actions: readonly unknown[]) => actions.map(nameOf).filter((name) => !builtin.has(name))

function nodeOf(node: AnyStateNode): ChartNode {
  const initial = node.type === 'compound' ? node.initial.target?.[0]?.id : undefined
  return {
    id: node.id,
    key: node.key,
    type: node.type,
    ...(node.description === undefined ? {} : { description: node.description }),
    entry: namesOf(node.entry),
    exit: namesOf(node.exit),
    invoke: node.invoke.map(({ src }) => nameOf(src)),
    ...(initial === undefined ? {} : { initial }),
    children: Object.values(node.states as Record<string, AnyStateNode>).map(nodeOf),
  }
}

/** Shortens timer events: `xstate.after.RETRY.listener.retrying` becomes `after RETRY`. */
function eventLabel(node: AnyStateNode, eventType: string): string {
  const [, kind, rest] = /^xstate\.(after|done\.actor|error\.actor|done\.state)\.(.*)$/.exec(eventType) ?? []
  if (kind === undefined || rest === undefined) return eventType
  if (kind === 'after') return `after ${rest.split('.', 1)[0]}`
  const invoked = node.invoke.find(({ id }) => id === rest)
  const actor = invoked === undefined ? rest : nameOf(invoked.src)
  return kind === 'error.actor' ? `error(${actor})` : `done(${actor})`
}

function labelOf(node: AnyStateNode, { id, eventType }: Arrow, guard: string | undefined): string {
  if (eventType === '') return guard === undefined ? (id.endsWith('|0') ? 'always' : 'else') : `[${guard}]`
  const label = eventLabel(node, eventType)
  return guard === undefined ? label : `${label} [${guard}]`
}

function edgesFrom(node: AnyStateNode, arrow: Arrow): readonly ChartEdge[] {
  const { id, source, eventType, targets } = arrow
  const transition = arrow.transition as AnyTransitionDefinition
  const guard = transition.guard === undefined ? undefined : nameOf(transition.guard)
  const common = {
    source,
    event: eventType,
    label: labelOf(node, arrow, guard),
    ...(guard === undefined ? {} : { guard }),
    actions: namesOf(transition.actions),
  }
  if (targets.length === 0) return [{ ...common, id, target: source, internal: true }]
  return targets.map((target, at) => ({
    ...common,
    id: at === 0 ? id : `${id}+${at}`,
    target,
    internal: false,
  }))
}

export function chartOf(machine: AnyStateMachine): Chart {
  return {
    root: nodeOf(machine.root),
    edges: stateNodesOf(machine).flatMap((node) =>
      arrowsFrom(node).flatMap((arrow) => edgesFrom(node, arrow)),
    ),
  }
}
