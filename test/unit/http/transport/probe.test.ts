import { describe, expect, test } from 'vitest'

import { type Bindings, probeHandles } from '../../../../src/http/transport/bindings.ts'
import { use } from '../../../../src/http/transport/handles.ts'

/** Node's bindings, found in the same way as the probe finds them. */
const { binding } = process as unknown as { binding(name: string): never }
const real: Bindings = {
  stream_wrap: binding('stream_wrap'),
  tcp_wrap: binding('tcp_wrap'),
  pipe_wrap: binding('pipe_wrap'),
}

/** The streams binding without one of its parts. */
const streamWithout = (name: string): Bindings => ({
  ...real,
  stream_wrap: { ...real.stream_wrap, [name]: undefined },
})

/** A TCP class with another method in place of its own. */
function tcpWith(name: string, value: unknown): Bindings {
  const { TCP, ...others } = real.tcp_wrap as { TCP: new (type: unknown) => object }
  class Changed extends TCP {}
  Object.defineProperty(Changed.prototype, name, { value })
  return { ...real, tcp_wrap: { ...others, TCP: Changed } }
}

describe('probeHandles', () => {
  test('finds handles in the Node versions that are supported', () => {
    expect(use.handles).toBe(true)
    expect(probeHandles(() => real)).not.toBe(null)
  })

  test.each(['WriteWrap', 'ShutdownWrap', 'streamBaseState', 'kReadBytesOrError', 'kLastWriteWasAsync'])(
    'fails without %s',
    (name) => {
      expect(probeHandles(() => streamWithout(name))).toBe(null)
    },
  )

  test.each([
    'readStart',
    'useUserBuffer',
    'writeLatin1String',
    'writev',
    'shutdown',
    'connect',
    'connect6',
    'reset',
    'getpeername',
  ])('fails without the method %s of TCP handles', (name) => {
    expect(probeHandles(() => tcpWith(name, undefined))).toBe(null)
  })

  test('fails without a class of TCP or Unix socket handles', () => {
    expect(probeHandles(() => ({ ...real, tcp_wrap: {} }))).toBe(null)
    expect(probeHandles(() => ({ ...real, pipe_wrap: {} }))).toBe(null)
  })

  test('fails if a write to nowhere succeeds', () => {
    expect(probeHandles(() => tcpWith('writeLatin1String', () => 0))).toBe(null)
  })

  test('fails if a connection to no address begins', () => {
    expect(probeHandles(() => tcpWith('connect', () => 0))).toBe(null)
  })

  test('fails without a class of connection requests', () => {
    const { TCP, constants } = real.tcp_wrap
    const tcp_wrap = constants === undefined ? { TCP } : { TCP, constants }
    expect(probeHandles(() => ({ ...real, tcp_wrap }))).toBe(null)
  })

  test('fails if a write throws', () => {
    const fail = () => {
      throw new Error('changed')
    }
    expect(probeHandles(() => tcpWith('writeLatin1String', fail))).toBe(null)
  })

  test('fails if Node refuses its bindings', () => {
    const refuse = () => {
      throw new Error('ERR_ACCESS_DENIED')
    }
    expect(probeHandles(refuse)).toBe(null)
  })
})
