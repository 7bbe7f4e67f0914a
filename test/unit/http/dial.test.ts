import { expect, test } from 'vitest'
import type { BifrostError } from '../../../src/errors.ts'
import { dial } from '../../../src/http/dial.ts'
import { startRawOrigin, unusedPort } from '../../kit/origin.ts'
import { startStuckListener } from '../../kit/stuck-listener.ts'

const outcome = (host: string, port: number, timeoutMs = 2_000): Promise<BifrostError | null> =>
  new Promise((resolve) => {
    dial({ host, port, timeoutMs, gate: null }, (error, socket) => {
      socket.destroy()
      resolve(error)
    })
  })

test('a listener is reached', async () => {
  await using origin = await startRawOrigin(() => {})
  expect(await outcome('127.0.0.1', origin.port)).toBeNull()
})

test('a refusal, an unknown name and a silent host have a code each', async () => {
  await using stuck = await startStuckListener()
  expect(await outcome('127.0.0.1', await unusedPort())).toMatchObject({ code: 'UPSTREAM_REFUSED' })
  expect(await outcome('no-such-host.invalid', 80)).toMatchObject({ code: 'UPSTREAM_UNRESOLVED' })
  expect(await outcome('127.0.0.1', stuck.port, 100)).toMatchObject({ code: 'UPSTREAM_CONNECT_TIMEOUT' })
})

test('giving up says nothing more', async () => {
  await using origin = await startRawOrigin(() => {})
  let calls = 0
  const socket = dial({ host: '127.0.0.1', port: origin.port, timeoutMs: 50, gate: null }, () => {
    calls += 1
  })
  socket.destroy()
  await new Promise((resolve) => socket.once('close', resolve))
  expect(calls).toBe(0)
})
