import { describe, expect, test } from 'vitest'
import { createActor, fromCallback } from 'xstate'
import { daemonMachine } from '../../../actors/daemon.ts'
import { defaultRestartPolicy } from '../../../actors/restart-policy.ts'

/** A daemon chart whose listeners bind immediately and whose supervisors only record their events. */
function startFakes(names: readonly string[]) {
  const told: string[] = []
  const listener = fromCallback<{ type: string }, { key: string }>(({ input, sendBack }) => {
    sendBack({ type: 'part.ready', part: input.key })
  })
  const supervisor = fromCallback<{ type: string }, { worker: string }>(({ input, receive, sendBack }) => {
    told.push(`start ${input.worker}`)
    receive(({ type }) => told.push(`${type} ${input.worker}`))
    sendBack({ type: 'worker.up', worker: input.worker })
  })
  const daemon = createActor(
    daemonMachine.provide({ actors: { listener: listener as never, supervisor: supervisor as never } }),
    {
      input: {
        workers: names.map((name) => ({ name, slots: 1, listeners: [[`${name}/0/0`]] })),
        parts: [],
        policy: defaultRestartPolicy,
        startTimeoutMs: 1_000,
        drainTimeoutMs: 1_000,
        now: () => 0,
        random: () => 0,
      },
    },
  )
  daemon.subscribe({ error: () => {} })
  return { daemon, told }
}

describe('daemon chart', () => {
  test('starts workers in their order, and stops them in reverse', () => {
    const { daemon, told } = startFakes(['a', 'b', 'c'])
    daemon.start()
    expect(daemon.getSnapshot().value).toBe('running')
    daemon.send({ type: 'op.stop' })
    expect(told).toEqual(['start a', 'start b', 'start c', 'op.stop c', 'op.stop b', 'op.stop a'])
    daemon.stop()
  })
})
