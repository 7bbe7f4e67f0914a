/** Turns XState's inspection events into steps of charts. */

import type { AnyActorRef, AnyMachineSnapshot, AnyStateMachine, InspectionEvent, Snapshot } from 'xstate'
import { type Digest, digestOf } from './digest.ts'
import { type EdgeId, edgeIdsOf, stateText } from './edges.ts'

/**
 * One step of a chart: its reaction to one event, as plain data. Every microstep is a step; `always` and
 * raised events give steps of their own, so that a state which is only passed through is recorded.
 */
export interface ChartStep {
  readonly actor: string
  /** Id of its machine. */
  readonly chart: string
  readonly parent: string | null
  readonly event: string
  /** Id of the sending actor; null if the event came from outside or the sender is unknown. */
  readonly sender: string | null
  /** State after the step. */
  readonly state: string
  readonly edges: readonly EdgeId[]
  /** The chart did not handle the event, or no guard let it pass. */
  readonly isIgnored: boolean
  readonly digest: Digest
}

export interface StepReceiver {
  step(step: ChartStep): void
  /** The actor has ended; `cause` is the type of the event that reports it. */
  gone(actor: string, cause: string): void
}

const asMachine = (ref: AnyActorRef): AnyStateMachine | null => {
  const { logic } = ref as unknown as { readonly logic?: object }
  return logic !== undefined && 'root' in logic ? (logic as AnyStateMachine) : null
}

const isMachineSnapshot = (snapshot: Snapshot<unknown>): snapshot is AnyMachineSnapshot => 'value' in snapshot

/** Internal events of XState, which no chart has to handle. */
const isInternal = (type: string) => type === 'xstate.init' || type === 'xstate.stop'

/**
 * Creates an observer for XState's inspection. An exception here would leave the machine's `send` and lose
 * its event, so the observer never throws; unreadable events are only missing from the steps. `nameOf` gives
 * an actor the name that it has outside its system.
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
      // A failed actor has no snapshot. Its parent gets this event before it acts on the end.
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
    // The start has no microstep, unless events were raised or states passed through during it.
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
