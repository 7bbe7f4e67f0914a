import { once } from 'node:events'
import type { Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, describe, expect, test } from 'vitest'
import { highWaterBytes } from '../../../../src/http/transport/transport.ts'
import { closePairs, connectPair, kinds } from '../../../kit/transports/pairs.ts'
import { until } from '../../../kit/waiting/until.ts'

afterEach(closePairs)

const mib = 1024 * 1024

describe.each(kinds)('a transport ($way) over $over', (kind) => {
  test('gives the peer what is written, in order', async () => {
    const { transport, peer } = await connectPair(kind)
    transport.write('a')
    transport.writeTwo('b', 'c')
    transport.writeTwo('d', Buffer.from('e'))
    transport.writeTwo(Buffer.from('f'), 'é')
    transport.writeTwo(Buffer.from('h'), new Uint8Array([105]))
    transport.write('')
    transport.writeTwo('', 'j')
    transport.write(Buffer.from('k'))
    transport.end()
    expect(await latin1(peer)).toBe('abcdef\xe9hijk')
    expect(transport.bytesWritten).toBe(11)
  })

  test('gives its owner what the peer writes, after resume only', async () => {
    const { transport, owner, peer } = await connectPair(kind)
    peer.write('one')
    await turns(5)
    expect(owner.events).toEqual([])
    transport.resume()
    expect(owner.events).toEqual([])
    await until('the bytes arrive', () => owner.text === 'one')
    expect(transport.bytesRead).toBe(3)
  })

  test('gives its owner the unread bytes first', async () => {
    const { transport, owner, peer } = await connectPair(
      kind,
      kind.way === 'handle' ? null : Buffer.from('early '),
    )
    peer.write('late')
    transport.resume()
    const expected = kind.way === 'handle' ? 'late' : 'early late'
    await until('all bytes arrive', () => owner.text === expected)
    expect(transport.bytesRead).toBe(expected.length)
  })

  test('delivers nothing while it is paused', async () => {
    const { transport, owner, peer } = await connectPair(kind)
    transport.resume()
    owner.nextBuffer = () => {
      transport.pause()
      return undefined
    }
    peer.write('one')
    await until('the first bytes arrive', () => owner.text === 'one')
    peer.write('two')
    peer.end()
    await turns(5)
    expect(owner.text).toBe('one')
    expect(owner.events).toEqual(['received'])
    owner.nextBuffer = null
    transport.resume()
    await until('the end arrives', () => owner.events.includes('peerEnded'))
    expect(owner.text).toBe('onetwo')
  })

  test('goes on writing after the peer has ended', async () => {
    const { transport, owner, peer } = await connectPair(kind)
    transport.resume()
    peer.end('request')
    await until('the peer has ended', () => transport.hasPeerEnded)
    expect(owner.events).toEqual(['received', 'peerEnded'])
    transport.write('response')
    transport.end()
    expect(await latin1(peer)).toBe('response')
  })

  test('goes on reading after it has ended', async () => {
    const { transport, owner, peer } = await connectPair(kind)
    transport.resume()
    transport.write('request')
    transport.end()
    peer.resume()
    await once(peer, 'end')
    peer.end('response')
    await until('the response arrives', () => owner.text === 'response')
  })

  test('closes when both directions have ended', async () => {
    const { transport, owner, peer } = await connectPair(kind)
    transport.resume()
    transport.end()
    peer.resume()
    peer.end()
    await until('it is closed', () => owner.isClosed)
    expect(owner.events).toEqual(['peerEnded', 'closed'])
    expect(owner.error).toBe(null)
  })

  test('asks a fast writer to stop, and reports when the peer has caught up', async () => {
    const { transport, owner, peer } = await connectPair(kind)
    const piece = Buffer.alloc(mib, 'x')
    let written = 0
    while (transport.pendingBytes <= highWaterBytes) {
      transport.write(piece)
      written += mib
    }
    expect(owner.events).toEqual([])
    expect(transport.write('y')).toBe(false)
    let received = 0
    peer.on('data', (chunk: Buffer) => {
      received += chunk.length
    })
    await until('it is drained', () => owner.events.includes('drained'))
    expect(transport.pendingBytes).toBe(0)
    await until('the peer has everything', () => received === written + 1)
  })

  test('sends FIN after what is pending', async () => {
    const { transport, peer } = await connectPair(kind)
    const piece = Buffer.alloc(8 * mib, 'x')
    transport.write(piece)
    transport.end()
    expect((await latin1(peer)).length).toBe(8 * mib)
  })

  test('closes without losing what the kernel has', async () => {
    const { transport, peer } = await connectPair(kind)
    transport.write('last words')
    transport.end()
    transport.close()
    expect(await latin1(peer)).toBe('last words')
  })

  test('closes once, and tells its keeper before its owner', async () => {
    const { transport, owner } = await connectPair(kind)
    const order: string[] = []
    transport.keeper = { transportClosed: () => order.push('keeper') }
    owner.onEvent = (event) => order.push(event)
    transport.close()
    transport.close()
    transport.reset()
    expect(transport.isClosed).toBe(true)
    expect(order).toEqual([])
    await until('it is closed', () => owner.isClosed)
    await turns(5)
    expect(order).toEqual(['keeper', 'closed'])
    expect(owner.error).toBe(null)
  })

  test('has no effect after it is closed', async () => {
    const { transport, owner } = await connectPair(kind)
    transport.close()
    transport.write('x')
    transport.writeTwo('x', 'y')
    transport.end()
    transport.resume()
    transport.pause()
    transport.setNoDelay()
    transport.setKeepAlive()
    await until('it is closed', () => owner.isClosed)
    expect(owner.events).toEqual(['closed'])
  })

  test('lets an owner take over within the same turn', async () => {
    const { transport, owner, peer } = await connectPair(kind)
    const next = new (Object.getPrototypeOf(owner).constructor as new () => typeof owner)()
    owner.nextBuffer = () => {
      transport.owner = next
      return undefined
    }
    transport.resume()
    peer.end('x')
    await until('the new owner has the end', () => next.events.includes('peerEnded'))
    expect(owner.events).toEqual(['received'])
  })

  test('reports a reset by the peer once, with its code', async () => {
    if (kind.over !== 'TCP') return
    const { transport, owner, peer } = await connectPair(kind)
    transport.resume()
    peer.resetAndDestroy()
    await until('it is closed', () => owner.isClosed)
    await turns(5)
    expect(owner.events).toEqual(['closed'])
    expect(owner.error).toMatchObject({ code: 'ECONNRESET' })
  })

  test('reports a write that fails once, and not inside of the call', async () => {
    const { transport, owner, peer } = await connectPair(kind)
    peer.destroy()
    await until('a write fails', () => {
      if (transport.isClosed) return true
      const before = owner.events.length
      transport.write(Buffer.alloc(100_000))
      expect(owner.events.length).toBe(before)
      return false
    })
    await until('it is closed', () => owner.isClosed)
    await turns(5)
    expect(owner.events.filter((event) => event === 'closed')).toEqual(['closed'])
    expect((owner.error as { code?: string } | null)?.code).toMatch(/^(?:EPIPE|ECONNRESET)$/)
  })

  test('resets a TCP peer, and closes any other', async () => {
    const { transport, owner, peer } = await connectPair(kind)
    expect(transport.canReset).toBe(kind.over === 'TCP')
    const failures: string[] = []
    peer.on('error', (error: Error & { code?: string }) => failures.push(error.code ?? ''))
    peer.resume()
    transport.reset()
    expect(owner.events).toEqual([])
    await until('it is closed', () => owner.isClosed)
    if (kind.over === 'TCP') {
      await until('the peer is reset', () => failures.length > 0)
      expect(failures).toEqual(['ECONNRESET'])
    } else if (!peer.readableEnded) await once(peer, 'end')
    expect(owner.error).toBe(null)
  })

  test('closes when it is reset while its FIN is on its way', async () => {
    const { transport, owner } = await connectPair(kind)
    transport.end()
    transport.reset()
    await until('it is closed', () => owner.isClosed)
    expect(owner.error).toBe(null)
  })

  test('closes when it is reset after its FIN', async () => {
    const { transport, owner, peer } = await connectPair(kind)
    transport.end()
    peer.resume()
    await once(peer, 'end')
    await turns(5)
    transport.reset()
    await until('it is closed', () => owner.isClosed)
    expect(owner.error).toBe(null)
  })

  test('knows both addresses', async () => {
    const { transport, peer } = await connectPair(kind)
    const isUnix = kind.over === 'Unix'
    expect(transport.remoteAddress).toBe(isUnix ? '' : '127.0.0.1')
    expect(transport.localAddress).toBe(isUnix ? '' : '127.0.0.1')
    expect(transport.remotePort).toBe(isUnix ? 0 : peer.localPort)
  })

  test('accepts its socket options', async () => {
    const { transport } = await connectPair(kind)
    transport.setNoDelay()
    transport.setNoDelay()
    transport.setKeepAlive()
    expect(transport.isClosed).toBe(false)
  })
})

const latin1 = async (peer: Socket) => text(peer.setEncoding('latin1'))

const turns = async (count: number) => {
  for (let at = 0; at < count; at += 1) await new Promise((resolve) => setImmediate(resolve))
}
