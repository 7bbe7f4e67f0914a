import { expect, test } from 'vitest'
import { moveLogLine } from '../../../../src/supervise/journal/move-log.ts'

const levelOf = (actor: string, from: string | null, to: string) =>
  moveLogLine({ actor, from, to, event: 'e', sender: null }).level

test('names actor, worker, both states, event and sender', () => {
  const move = {
    actor: 'reverse_proxy#3',
    from: 'running.alive',
    to: 'running.draining',
    event: 'op.drain',
    sender: 'supervisor:reverse_proxy',
  }
  expect(moveLogLine(move)).toEqual({
    level: 'debug',
    message: 'reverse_proxy#3 is running.draining',
    fields: {
      worker: 'reverse_proxy',
      actor: 'reverse_proxy#3',
      from: 'running.alive',
      to: 'running.draining',
      event: 'op.drain',
      cause: 'supervisor:reverse_proxy',
    },
  })
})

test.each([
  ['supervisor:static_files', 'static_files'],
  ['forward_proxy#1', 'forward_proxy'],
  ['combined#2/reverse', 'combined'],
  ['listener:reverse_proxy/0/1', 'reverse_proxy'],
  ['daemon', undefined],
])('the worker of %s is %s', (actor, worker) => {
  expect(moveLogLine({ actor, from: null, to: 'x', event: 'e', sender: null }).fields['worker']).toBe(worker)
})

test('warns if a worker gives up', () => {
  expect(levelOf('supervisor:reverse_proxy', 'supervising.restarting', 'gaveUp')).toBe('warn')
})

test('logs moves of the daemon, restarts and degradation at info', () => {
  expect(levelOf('daemon', 'booting.starting', 'running')).toBe('info')
  expect(levelOf('supervisor:reverse_proxy', 'supervising.steady', 'supervising.restarting')).toBe('info')
  expect(levelOf('reverse_proxy#1/reverse', 'accepting', 'degraded')).toBe('info')
  expect(levelOf('reverse_proxy#1/reverse', 'degraded', 'accepting')).toBe('info')
})

test('logs all others at debug: a worker at its limit moves with each connection', () => {
  expect(levelOf('daemon', 'draining.settling', 'draining.armed')).toBe('debug')
  expect(levelOf('daemon', 'booting.binding', 'failed')).toBe('debug')
  expect(levelOf('listener:reverse_proxy/0/0', 'binding', 'failed')).toBe('debug')
  expect(levelOf('reverse_proxy#1/reverse', 'accepting', 'saturated')).toBe('debug')
  expect(levelOf('reverse_proxy#1', 'running.starting', 'running.alive')).toBe('debug')
})
