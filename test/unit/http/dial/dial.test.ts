import { expect, test } from 'vitest'
import { BifrostError } from '../../../../src/errors.ts'
import { dial } from '../../../../src/http/dial/dial.ts'
import type { Gate } from '../../../../src/http/dial/gate.ts'
import { startRawOrigin, unusedPort } from '../../../kit/origins/origin.ts'
import { startStuckListener } from '../../../kit/origins/stuck-listener.ts'

const outcome = (host: string, port: number, timeoutMs = 2_000): Promise<BifrostError | null> =>
  new Promise((resolve) => {
    dial({ host, port, timeoutMs, gate: null }, (error, socket) => {
      socket.destroy()
      resolve(error)
    })
  })

test('connects to a listener', async () => {
  await using origin = await startRawOrigin(() => {})
  expect(await outcome('127.0.0.1', origin.port)).toBeNull()
})

test('a refusal, an unknown name and a silent host have different codes', async () => {
  await using stuck = await startStuckListener()
  expect(await outcome('127.0.0.1', await unusedPort())).toMatchObject({ code: 'UPSTREAM_REFUSED' })
  expect(await outcome('no-such-host.invalid', 80)).toMatchObject({ code: 'UPSTREAM_UNRESOLVED' })
  expect(await outcome('127.0.0.1', stuck.port, 100)).toMatchObject({ code: 'UPSTREAM_CONNECT_TIMEOUT' })
})

test('a dial that was given up does not call back', async () => {
  await using origin = await startRawOrigin(() => {})
  let calls = 0
  const socket = dial({ host: '127.0.0.1', port: origin.port, timeoutMs: 50, gate: null }, () => {
    calls += 1
  })
  socket.destroy()
  await new Promise((resolve) => socket.once('close', resolve))
  expect(calls).toBe(0)
})

test('a gate refuses the target, an address before it is dialled, and a connected peer', async () => {
  await using origin = await startRawOrigin(() => {})
  const refusal = new BifrostError('FORBIDDEN_DESTINATION', 'no')
  const open = { refuseTarget: () => null, refuseAddress: () => null, refusePeer: () => null }
  const through = (gate: Gate, host = '127.0.0.1') =>
    new Promise<BifrostError | null>((resolve) => {
      dial({ host, port: origin.port, timeoutMs: 2_000, gate }, (error, socket) => {
        socket.destroy()
        resolve(error)
      })
    })
  expect(await through({ ...open, refuseTarget: () => refusal })).toBe(refusal)
  expect(await through({ ...open, refuseAddress: () => refusal }, 'localhost')).toBe(refusal)
  expect(origin.accepted).toBe(0)
  expect(await through({ ...open, refusePeer: () => refusal })).toBe(refusal)
  expect(await through(open, 'localhost')).toBeNull()
})

test('a refused target can be given up like any other', async () => {
  const gate = {
    refuseTarget: () => new BifrostError('FORBIDDEN_DESTINATION'),
    refuseAddress: () => null,
    refusePeer: () => null,
  }
  let calls = 0
  const socket = dial({ host: '127.0.0.1', port: 9, timeoutMs: 50, gate }, () => {
    calls += 1
  })
  expect(calls).toBe(0)
  await new Promise((resolve) => socket.once('close', resolve))
  expect(calls).toBe(1)
})
