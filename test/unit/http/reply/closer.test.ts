import { expect, test } from 'vitest'
import { Closer } from '../../../../src/http/reply/closer.ts'
import { DrivenClock } from '../../../kit/clients/driven-clock.ts'
import { FakeTransport } from '../../../kit/engine/fake-transport.ts'

function setUp() {
  const clock = new DrivenClock()
  return { clock, closer: new Closer(clock), transport: new FakeTransport() }
}

test('a transport gets its last answer and its end, and is read on', () => {
  const { closer, transport } = setUp()
  closer.end(transport, 'bye')
  expect(transport).toMatchObject({ writes: ['bye'], isEnded: true, isPaused: false, isClosed: false })
})

test('without an answer, nothing is written', () => {
  const { closer, transport } = setUp()
  closer.end(transport, '')
  expect(transport).toMatchObject({ writes: [], isEnded: true })
})

test('it is closed when the client ends its side, whatever the client sent before', () => {
  const { closer, transport } = setUp()
  closer.end(transport, 'bye')
  transport.receive('more')
  expect(transport.isClosed).toBe(false)
  transport.receiveEnd()
  expect(transport.isClosed).toBe(true)
})

test('it stays open while bytes are pending, also if the client has ended its side', () => {
  const { closer, transport } = setUp()
  transport.pendingBytes = 3
  closer.end(transport, 'bye')
  transport.receiveEnd()
  expect(transport.isClosed).toBe(false)
  transport.pendingBytes = 0
  transport.drain()
  expect(transport.isClosed).toBe(true)
})

test('a client that has already ended its side is not waited for', () => {
  const { closer, transport } = setUp()
  transport.hasPeerEnded = true
  closer.end(transport, 'bye')
  expect(transport).toMatchObject({ writes: ['bye'], isEnded: true, isClosed: true })
})

test('a client that never ends its side is cut off after a second', () => {
  const { clock, closer, transport } = setUp()
  closer.end(transport, 'bye')
  clock.pass(500)
  expect(transport.isClosed).toBe(false)
  clock.pass(500)
  expect(transport.isClosed).toBe(true)
})

test('a closed transport is forgotten, and leaves the clock', () => {
  const { clock, closer, transport } = setUp()
  closer.end(transport, 'bye')
  expect([closer.size, clock.members.size]).toEqual([1, 1])
  transport.break()
  expect([closer.size, clock.members.size]).toEqual([0, 0])
})

test('a transport that is closed or has ended gets no answer', () => {
  const { closer } = setUp()
  for (const state of [{ isClosed: true }, { isEnded: true }]) {
    const transport = Object.assign(new FakeTransport(), state)
    closer.end(transport, 'bye')
    expect(transport).toMatchObject({ writes: [], isClosed: true })
  }
  expect(closer.size).toBe(0)
})

test('transports beyond a fixed number are closed at once', () => {
  const { closer, transport } = setUp()
  for (let count = 0; count < 1_024; count += 1) closer.end(new FakeTransport(), 'bye')
  closer.end(transport, 'bye')
  expect(transport).toMatchObject({ writes: [], isClosed: true })
  expect(closer.size).toBe(1_024)
})

test('close closes all of them', () => {
  const { closer, transport } = setUp()
  closer.end(transport, 'bye')
  closer.close()
  expect(transport.isClosed).toBe(true)
})
