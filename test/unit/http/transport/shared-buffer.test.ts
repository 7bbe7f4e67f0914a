import { afterEach, describe, expect, test } from 'vitest'
import { closePairs, connectPair, kinds } from '../../../kit/transports/pairs.ts'
import { until } from '../../../kit/waiting/until.ts'

afterEach(closePairs)

describe.each(kinds.filter(({ way }) => way !== 'public'))('a transport ($way) over $over', (kind) => {
  test('reads into the buffer that all transports share', async () => {
    const one = await connectPair(kind)
    const two = await connectPair(kind)
    for (const { transport, owner, peer } of [one, two]) {
      transport.resume()
      peer.write('abc')
      await until('the bytes arrive', () => owner.text === 'abc')
    }
    expect(one.owner.buffers[0]).toBe(two.owner.buffers[0])
    expect(one.owner.buffers[0]).toHaveLength(64 * 1024)
  })

  test('reads into the buffer that its owner returned, until it returns null', async () => {
    const { transport, owner, peer } = await connectPair(kind)
    const own = Buffer.alloc(8)
    const answers = [own, undefined, null, undefined]
    owner.nextBuffer = () => answers.shift()
    transport.resume()
    for (const piece of ['a', 'b', 'c', 'd']) {
      const expected = owner.text + piece
      peer.write(piece)
      await until('the piece arrives', () => owner.text === expected)
    }
    const [shared] = owner.buffers
    expect(owner.buffers).toEqual([shared, own, own, shared])
    expect(owner.buffers[1]).toBe(own)
    expect(owner.buffers[3]).toBe(shared)
  })

  test('reads into two buffers in turn without mixing them', async () => {
    const { transport, owner, peer } = await connectPair(kind)
    const buffers = [Buffer.alloc(10_000), Buffer.alloc(10_000)]
    let at = 0
    owner.nextBuffer = () => buffers[at++ % 2]
    transport.resume()
    const sent = Array.from({ length: 20_000 }, (_, n) => String(n)).join(' ')
    peer.write(sent)
    await until('all bytes arrive', () => owner.text.length === sent.length)
    expect(owner.text).toBe(sent)
  })

  test('keeps what TLS delivers after a pause', async () => {
    const { transport, owner, peer } = await connectPair(kind)
    const own = Buffer.alloc(1_000)
    owner.nextBuffer = () => {
      transport.pause()
      setImmediate(() => transport.resume())
      return own
    }
    transport.resume()
    const sent = Array.from({ length: 20_000 }, (_, n) => String(n)).join(' ')
    peer.end(sent)
    await until('the end arrives', () => owner.events.includes('peerEnded'))
    expect(owner.text).toBe(sent)
    expect(transport.bytesRead).toBe(sent.length)
  })
})
