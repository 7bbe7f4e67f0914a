import type { Socket } from 'node:net'
import { expect, test } from 'vitest'
import type { TunnelEnd } from '../../../../src/http/upstream/tunnel.ts'
import { buildTunnel, type TunnelParts } from '../../../kit/origins/tunnel.ts'

test('a tunnel is done after a FIN from both sides', async () => {
  await using built = await buildTunnel()
  built.client.end()
  built.far.on('end', () => built.far.end()).resume()
  await expect.poll(() => built.ends).toEqual(['done'])
})

test('after a FIN of the client the upstream still reaches it', async () => {
  await using built = await buildTunnel()
  built.client.send('question').end()
  built.far.on('end', () => built.far.end('answer')).resume()
  expect((await built.client.rest()).toString()).toBe('answer')
})

test('after a FIN of the upstream the client still reaches it', async () => {
  await using built = await buildTunnel()
  const got = textOf(built.far)
  built.far.end('bye')
  expect((await built.client.rest()).toString()).toBe('bye')
  built.client.send('one more thing').end()
  await expect.poll(got).toBe('one more thing')
})

test('a reset of either side ends the tunnel with its name and closes the other side', async () => {
  for (const [reason, cause] of [
    ['client', (built) => built.client.socket.resetAndDestroy()],
    ['upstream', (built) => built.far.resetAndDestroy()],
  ] as [TunnelEnd, (built: TunnelParts) => void][]) {
    await using built = await buildTunnel()
    cause(built)
    await expect.poll(() => built.ends).toEqual([reason])
    built.far.resume()
    await built.client.ended()
  }
})

test('a stopped tunnel reports its end once', async () => {
  await using built = await buildTunnel()
  built.tunnel.stop()
  built.tunnel.stop()
  await built.client.ended()
  expect(built.ends).toEqual(['stopped'])
})

test('a side that is closed before the tunnel starts ends it', async () => {
  await using built = await buildTunnel({}, (_client, upstream) => upstream.close())
  expect(built.ends).toEqual(['upstream'])
})

test('each byte of a tunnel is counted by its direction', async () => {
  await using built = await buildTunnel()
  const got = textOf(built.far)
  built.client.send('12345')
  await expect.poll(got).toBe('12345')
  built.far.write('678')
  await built.client.bytes(3)
  expect(built.counted()).toEqual({ received: 5, sent: 3 })
})

function textOf(socket: Socket): () => string {
  let text = ''
  socket.on('data', (piece) => {
    text += piece
  })
  return () => text
}
