import { afterEach, describe, expect, test } from 'vitest'
import { detach, transportOf } from '../../../../src/http/transport/transport-of.ts'
import { closePairs, connectPair, kinds, RecordingOwner } from '../../../kit/transports/pairs.ts'
import { until } from '../../../kit/waiting/until.ts'

afterEach(closePairs)

const movable = kinds.filter(({ way, over }) => way !== 'public' && over !== 'TLS')

describe.each(movable)('detach ($way) over $over', (kind) => {
  test('gives the connection away, with what was not delivered', async () => {
    const { transport, owner, peer } = await connectPair(kind)
    transport.resume()
    peer.write('one')
    await until('the first bytes arrive', () => owner.text === 'one')
    const detached = detach(transport)
    if (detached === null) throw new Error('it was not detached')
    peer.write('two')
    const next = transportOf(detached.socket, detached.unread)
    const nextOwner = new RecordingOwner()
    next.owner = nextOwner
    next.resume()
    await until('the next bytes arrive', () => nextOwner.text === 'two')
    next.close()
    await until('it is closed', () => nextOwner.isClosed)
    expect(owner.events).toEqual(['received'])
  })

  test('refuses with pending bytes, after an end and after a close', async () => {
    const pending = await connectPair(kind)
    while (pending.transport.pendingBytes === 0) pending.transport.write(Buffer.alloc(1_000_000))
    const ended = await connectPair(kind)
    ended.transport.end()
    const closed = await connectPair(kind)
    closed.transport.close()
    for (const { transport } of [pending, ended, closed]) expect(detach(transport)).toBe(null)
  })
})
