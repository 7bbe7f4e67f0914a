import { describe, expect, test } from 'vitest'
import { drive, get, Recorder } from '../../../../kit/engine/driven-connection.ts'

const size = 500_000
const large = `HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`
const burst = 'x'.repeat(40_000)

/** A connection that receives a large body fast, after its first read. */
function receiving(sink = new Recorder(), head = large) {
  const driven = drive()
  driven.connection.dispatch(get, sink)
  const { transport } = driven
  const shared = transport.reading
  transport.receive(head + burst)
  return { ...driven, transport, sink, shared }
}

describe('a large body that arrives fast', () => {
  test('is read into a buffer of its own, which is used again while its pieces leave at once', () => {
    const { transport, sink, shared, buffers } = receiving()
    const own = transport.reading
    expect(own).not.toBe(shared)
    for (let at = 0; at < 3; at += 1) transport.receive(burst)
    expect(transport.reading).toBe(own)
    expect(sink.lent.map(({ piece }) => piece.buffer === own.buffer)).toEqual([true, true, true])
    expect(buffers.taken).toBe(1)
  })

  test('gets another buffer while a piece is needed, and that one is given back when it has left', () => {
    const { transport, sink, buffers } = receiving()
    const own = transport.reading
    sink.isLeftAtOnce = false
    transport.receive(burst)
    expect(transport.reading).not.toBe(own)
    expect(buffers.taken).toBe(2)
    sink.lent[0]?.left()
    expect(buffers.taken).toBe(1)
  })

  test('is complete, and its connection reads into the shared buffer again', () => {
    const { transport, sink, shared, buffers } = receiving()
    while (sink.body.length < size) transport.receive('y'.repeat(Math.min(40_000, size - sink.body.length)))
    expect(sink.last).toBe('end')
    expect(sink.body.length).toBe(size)
    expect(transport.reading).toBe(shared)
    expect(buffers.taken).toBe(0)
  })

  test('gives its buffer back when the client is behind, when a read is small, and when it is given up', () => {
    for (const end of ['pause', 'small', 'close', 'break'] as const) {
      const { transport, connection, shared, buffers } = receiving()
      if (end === 'pause') connection.pause()
      if (end === 'small') transport.receive('z')
      if (end === 'close') connection.close()
      if (end === 'break') transport.break()
      expect(transport.reading, end).toBe(shared)
      expect(buffers.taken, end).toBe(0)
    }
  })

  test('keeps a lent piece out of reach when the sink gives the exchange up in the call', () => {
    const { transport, sink, connection, shared, buffers } = receiving()
    let left = () => {}
    sink.responseLent = (_piece, whenLeft) => {
      left = whenLeft
      connection.close()
    }
    transport.receive(burst)
    expect(transport.reading).toBe(shared)
    expect(buffers.taken).toBe(1)
    left()
    expect(buffers.taken).toBe(0)
  })
})

test('a small body, a slow one and one in chunks take no buffer', () => {
  expect(receiving(new Recorder(), 'HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n').buffers.taken).toBe(0)
  expect(
    receiving(new Recorder(), 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\n').buffers.taken,
  ).toBe(0)
  const slow = drive()
  slow.connection.dispatch(get, new Recorder())
  slow.transport.receive(`${large}x`)
  expect(slow.buffers.taken).toBe(0)
})
