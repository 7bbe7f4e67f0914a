import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { chartFolder } from '../../../../../scripts/chart-files.ts'
import { eventText } from '../../../../../src/admin/page/chart/event-text.ts'
import { litStates } from '../../../../../src/admin/page/chart/lit.ts'
import { mermaidOf } from '../../../../../src/admin/page/chart/mermaid.ts'
import type { ChartFile } from '../../../../../src/admin/page/chart/model.ts'
import { arrowHead, rounded } from '../../../../../src/admin/page/chart/path.ts'

const read = (name: string) =>
  JSON.parse(readFileSync(join(chartFolder, `${name}.json`), 'utf8')) as ChartFile
const instance = read('instance')

describe('a chart', () => {
  test('lights the root and each part of the state', () => {
    expect([...litStates(instance, 'running.alive')]).toEqual([
      'instance',
      'instance.running',
      'instance.running.alive',
    ])
  })

  test('lights each region of a parallel state', () => {
    expect([...litStates(instance, 'gone running.stuck')]).toContain('instance.running.stuck')
  })

  test('skips an unknown state', () => {
    expect([...litStates(instance, 'running.dancing')]).toEqual(['instance', 'instance.running'])
  })

  test('is rendered as Mermaid text with all states and arrows and the current state marked', () => {
    const text = mermaidOf(instance.chart, litStates(instance, 'running.alive'))
    expect(text).toMatch(/^stateDiagram-v2\n/)
    expect(text).toContain('state "alive" as instance_running_alive')
    expect(text).toContain('instance_running_alive --> instance_running_stuck : thread.stuck')
    expect(text).toContain('class instance_running_alive on')
    expect(text.match(/\{$/gm)).toHaveLength((text.match(/^ *\}$/gm) ?? []).length)
  })

  test('draws a transition of its root from each of its states in Mermaid text', () => {
    const text = mermaidOf(read('worker').chart, new Set())
    expect(text).toContain('worker_accepting --> worker_draining : op.drain')
    expect(text).not.toContain('worker_draining --> worker_draining')
  })

  test.each([
    ['xstate.init', 'start'],
    ['xstate.after.RETRY.listener.retrying', 'after RETRY'],
    ['xstate.done.actor.reverse_proxy#1', 'done(reverse_proxy#1)'],
    ['load.high', 'load.high'],
  ])('shows the event %s as %s', (event, text) => expect(eventText(event)).toBe(text))

  test('draws arrows with rounded corners and a head that points at the target', () => {
    expect(rounded([0, 0, 0, 40, 40, 40])).toBe('M0 0L0 33Q0 40 7 40L40 40')
    expect(arrowHead([0, 0, 0, 40])).toBe('0 40 -4 32 4 32')
  })
})
