import type { AnyActorRef, AnyMachineSnapshot, AnyStateMachine, InspectionEvent, Snapshot } from 'xstate'
import { type Digest, digestOf } from './digest.ts'
import { type EdgeId, edgeIdsOf, stateText } from './edges.ts'

/**
 * From XState's inspection to steps: what a chart did for one event, as plain data. A microstep is a step; what `always` and raised
 * events lead to are steps of their own, so that a state which is only passed through is seen.
 */
export interface ChartStep {
  readonly actor: string
  /** Id of its machine. */
  readonly chart: string
  readonly parent: string | null
  /** Type of the event. */
  readonly event: string
  /** Id of the actor that sent it; null: from outside, or not known. */
  readonly sender: string | null
  /** After it. */
  readonly state: string
  readonly edges: readonly EdgeId[]
  /** Nobody handled the event, or no guard let it pass. */
  readonly isIgnored: boolean
  readonly digest: Digest
}

export interface StepReceiver {
  step(step: ChartStep): void
  /** The actor has ended; `cause` is the type of the event that tells of it. */
  gone(actor: string, cause: string): void
}

const asMachine = (ref: AnyActorRef): AnyStateMachine | null => {
  const { logic } = ref as unknown as { readonly logic?: object }
  return logic !== undefined && 'root' in logic ? (logic as AnyStateMachine) : null
}

const isMachineSnapshot = (snapshot: Snapshot<unknown>): snapshot is AnyMachineSnapshot => 'value' in snapshot

/** XState's own, which no chart has to handle. */
const isInternal = (type: string) => type === 'xstate.init' || type === 'xstate.stop'

/**
 * An observer for inspection. An exception in it would leave the machine's `send` and lose its event, so it never throws; what cannot
 * be read is missing in the steps, and nowhere else. `nameOf` gives an actor the name that it has outside of its system.
 */
export function readSteps(
  receiver: StepReceiver,
  nameOf: (ref: AnyActorRef) => string = ({ id }) => id,
): (event: InspectionEvent) => void {
  const seen = new WeakSet<AnyActorRef>()
  const senders = new WeakMap<object, string>()

  const tell = (
    ref: AnyActorRef,
    machine: AnyStateMachine,
    event: { readonly type: string },
    snapshot: AnyMachineSnapshot,
    transitions: readonly object[],
  ) => {
    seen.add(ref)
    receiver.step({
      actor: nameOf(ref),
      chart: machine.id,
      parent: ref._parent === undefined ? null : nameOf(ref._parent),
      event: event.type,
      sender: senders.get(event) ?? null,
      state: stateText(snapshot.value),
      edges: edgeIdsOf(machine, transitions),
      isIgnored: transitions.length === 0 && !isInternal(event.type),
      digest: digestOf(machine.id, snapshot.context),
    })
  }

  const read = (event: InspectionEvent) => {
    if (
      event.type !== '@xstate.microstep' &&
      event.type !== '@xstate.event' &&
      event.type !== '@xstate.snapshot'
    )
      return
    const ref = event.actorRef as AnyActorRef
    if (event.type === '@xstate.event') {
      const source = event.sourceRef as AnyActorRef | undefined
      if (source === undefined) return
      if (asMachine(ref) !== null) senders.set(event.event, nameOf(source))
      // Of one that failed there is no snapshot; its parent hears of the end before it acts on it.
      const isEnd = /^xstate\.(?:done|error)\.actor\./.test(event.event.type)
      if (isEnd && seen.has(source)) end(source, event.event.type)
      return
    }
    const machine = asMachine(ref)
    if (machine === null || !isMachineSnapshot(event.snapshot)) return
    if (event.type === '@xstate.microstep') {
      tell(ref, machine, event.event, event.snapshot, event._transitions)
      return
    }
    // The start has no microstep, unless something was raised or passed through in it.
    if (!seen.has(ref) && event.snapshot.status === 'active')
      tell(ref, machine, event.event, event.snapshot, [])
    if (event.snapshot.status !== 'active' && seen.has(ref)) end(ref, event.event.type)
  }

  const end = (ref: AnyActorRef, cause: string) => {
    seen.delete(ref)
    receiver.gone(nameOf(ref), cause)
  }

  return (event) => {
    try {
      read(event)
    } catch {
      // See above.
    }
  }
}
