/** Runs the supervisor over fake carriers and a fake clock. */
import { expect } from 'vitest'
import { type AnyActorRef, createActor, fromCallback, fromTransition, SimulatedClock } from 'xstate'
import { listenerId } from '../../../actors/ids.ts'
import type { CarrierCommand, CarrierExit, InstanceInput } from '../../../actors/instance.ts'
import { instanceMachine } from '../../../actors/instance.ts'
import { defaultRestartPolicy, type RestartPolicy } from '../../../actors/restart-policy.ts'
import { supervisorMachine } from '../../../actors/supervisor.ts'

/** A carrier without a thread: the test sends the instance's reports, and reads the messages to it. */
export interface FakeCarrier {
  readonly input: InstanceInput
  readonly commands: readonly string[]
  ready(): void
  exit(exit: CarrierExit): void
  stuck(): void
  failed(message: string): void
}

function fakeCarriers() {
  const carriers: FakeCarrier[] = []
  const logic = fromCallback<CarrierCommand, InstanceInput>(({ input, sendBack, receive }) => {
    const commands: string[] = []
    receive((command) => {
      commands.push(command.type)
      if (command.type === 'kill') sendBack({ type: 'thread.exit', exitCode: 1, errorCode: 'TERMINATED' })
    })
    carriers.push({
      input,
      commands,
      ready: () => sendBack({ type: 'thread.ready' }),
      exit: (exit) => sendBack({ type: 'thread.exit', ...exit }),
      stuck: () => sendBack({ type: 'thread.stuck' }),
      failed: (message) => sendBack({ type: 'thread.failed', message }),
    })
  })
  return { carriers, logic }
}

/** Starts a supervisor over fake carriers, on a clock that only the test advances. */
export function superviseFakes(
  options: {
    readonly slots?: number
    readonly policy?: Partial<RestartPolicy>
    /** Listeners of each slot; `told` contains the messages to them. */
    readonly listeners?: readonly (readonly string[])[]
  } = {},
) {
  const clock = new SimulatedClock()
  const { carriers, logic } = fakeCarriers()
  const instance = instanceMachine.provide({ actors: { carrier: logic } })
  const announced: string[] = []
  const actions = {
    announceUp: () => announced.push('up'),
    announceGaveUp: () => announced.push('gaveUp'),
  }
  const supervisor = createActor(supervisorMachine.provide({ actors: { instance }, actions }), {
    clock,
    id: 'supervisor',
    input: {
      worker: 'w',
      slots: options.slots ?? 1,
      listeners: options.listeners ?? [],
      policy: { ...defaultRestartPolicy, ...options.policy },
      startTimeoutMs: 1_000,
      drainTimeoutMs: 5_000,
      now: () => clock.now(),
      random: () => 0,
    },
  })
  const told: string[] = []
  for (const key of (options.listeners ?? []).flat()) {
    const logic = fromTransition((_state: null, event: { type: string; instance?: string }) => {
      told.push([key, event.type.replace('listener.', ''), event.instance ?? []].flat().join(' '))
      return null
    }, null)
    createActor(logic, { systemId: listenerId(key), parent: supervisor }).start()
  }
  supervisor.subscribe({ error: () => {} })
  supervisor.start()
  const latest = (): FakeCarrier => {
    const carrier = carriers.at(-1)
    if (carrier === undefined) throw new Error('no instance was started')
    return carrier
  }
  const state = () => supervisor.getSnapshot().value
  /** Kills the only instance and its successor; the next one is not due yet. */
  const crashTwice = (): void => {
    latest().exit({ exitCode: 1 })
    clock.increment(1)
    latest().ready()
    latest().exit({ exitCode: 1 })
    expect(state()).toEqual({ supervising: 'restarting' })
  }
  return { clock, carriers, supervisor, announced, latest, crashTwice, state, told }
}

export const childIds = (actor: AnyActorRef): readonly string[] => Object.keys(actor.getSnapshot().children)
