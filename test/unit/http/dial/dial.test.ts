import type { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { BifrostError } from '../../../../src/errors.ts'
import { CoarseClock } from '../../../../src/http/clock.ts'
import { dial } from '../../../../src/http/dial/dial.ts'
import type { Gate } from '../../../../src/http/dial/gate.ts'
import { openSocket } from '../../../../src/http/dial/socket-dial.ts'
import type { DialTarget } from '../../../../src/http/dial/target.ts'
import type { Transport } from '../../../../src/http/transport/transport.ts'
import { transportOf } from '../../../../src/http/transport/transport-of.ts'
import { gateWith } from '../../../kit/engine/relayed.ts'
import { startRawOrigin, unusedPort } from '../../../kit/origins/origin.ts'
import { startStuckListener } from '../../../kit/origins/stuck-listener.ts'
import { selfSigned } from '../../../kit/tls/self-signed.ts'
import { startTlsOrigin } from '../../../kit/tls/tls-origin.ts'
import { until } from '../../../kit/waiting/until.ts'

const reads = (socket: Socket) => socket.resume().on('end', () => socket.end())

/** The outcome of a dial; a connected transport is closed. */
const outcome = (
  port: number,
  target: Partial<DialTarget> = {},
  open: typeof dial = dial,
): Promise<BifrostError | null> =>
  new Promise((resolve) => {
    const timeoutMs = 2_000
    const clock = new CoarseClock(200)
    open({ host: '127.0.0.1', port, timeoutMs, gate: null, clock, ...target }, (error, transport) => {
      if (transport !== null) {
        transport.owner = ignoring
        transport.close()
      }
      resolve(error)
    })
  })

const ignoring = { received: () => null, peerEnded: () => {}, drained: () => {}, closed: () => {} }

/** As `dial` without private API. */
const onSocket: typeof dial = (target, done) =>
  openSocket(target, (error, socket) => done(error, socket === null ? null : transportOf(socket)))

test.each([
  ['a handle', dial],
  ['a socket', onSocket],
])('connects to a listener on %s, and the transport knows both addresses', async (_kind, open) => {
  await using origin = await startRawOrigin(reads)
  const transport = await new Promise<Transport | null>((resolve) => {
    open({ host: '127.0.0.1', port: origin.port, timeoutMs: 2_000, gate: null }, (_error, one) =>
      resolve(one),
    )
  })
  expect(transport).toMatchObject({
    remoteAddress: '127.0.0.1',
    remotePort: origin.port,
    localAddress: '127.0.0.1',
    isPaused: true,
  })
  if (transport !== null) transport.owner = ignoring
  transport?.close()
})

test.each([
  ['a handle', dial],
  ['a socket', onSocket],
])('a refusal, an unknown name and a silent host have different codes on %s', async (_kind, open) => {
  await using stuck = await startStuckListener()
  const code = async (port: number, target: Partial<DialTarget> = {}) =>
    (await outcome(port, target, open))?.code
  expect(await code(await unusedPort())).toBe('UPSTREAM_REFUSED')
  expect(await code(80, { host: 'no-such-host.invalid' })).toBe('UPSTREAM_UNRESOLVED')
  expect(await code(stuck.port, { timeoutMs: 100 })).toBe('UPSTREAM_CONNECT_TIMEOUT')
})

test('a dial that was given up does not call back, and its connection is closed', async () => {
  await using origin = await startRawOrigin(reads)
  let calls = 0
  const target = { host: '127.0.0.1', port: origin.port, timeoutMs: 2_000, gate: null }
  dial(target, () => {
    calls += 1
  }).giveUp()
  expect(await outcome(origin.port)).toBeNull()
  await until('no connection is left', () => origin.sockets.size === 0)
  expect(calls).toBe(0)
})

test.each([
  ['a handle', dial],
  ['a socket', onSocket],
])(
  'a gate refuses the target, an address before it is dialled, and a peer connected on %s',
  async (_kind, open) => {
    await using origin = await startRawOrigin(reads)
    const refusal = new BifrostError('FORBIDDEN_DESTINATION', 'no')
    const through = (closed: Partial<Gate>, host = '127.0.0.1') =>
      outcome(origin.port, { host, gate: gateWith(closed) }, open)
    expect(await through({ refuseTarget: () => refusal })).toBe(refusal)
    expect(await through({ refuseAddress: () => refusal }, 'localhost')).toBe(refusal)
    expect(origin.accepted).toBe(0)
    expect(await through({ refusePeer: () => refusal })).toBe(refusal)
    expect(await through({}, 'localhost')).toBeNull()
  },
)

test('a refused target is reported after the call, and can be given up like any other', async () => {
  const gate = gateWith({ refuseTarget: () => new BifrostError('FORBIDDEN_DESTINATION') })
  const target = { host: '127.0.0.1', port: 9, timeoutMs: 50, gate }
  const codes: (string | undefined)[] = []
  dial(target, (error) => codes.push(error?.code))
  dial(target, () => codes.push('called')).giveUp()
  expect(codes).toEqual([])
  await until('it is reported', () => codes.length > 0)
  expect(codes).toEqual(['FORBIDDEN_DESTINATION'])
})

test('a TLS upstream is verified against the given name, its host by default', async () => {
  await using origin = await startTlsOrigin(selfSigned)
  const ca = selfSigned.cert
  const gate = gateWith()
  expect(await outcome(origin.port, { tls: { ca } })).toBeNull()
  expect(await outcome(origin.port, { host: 'other.test', gate, tls: { ca } })).toMatchObject({
    code: 'UPSTREAM_BROKEN',
  })
  const named = { ca, serverName: 'localhost' }
  expect(await outcome(origin.port, { host: 'other.test', gate, tls: named })).toBeNull()
})

test('an upstream that ends the connection within the TLS handshake is broken', async () => {
  await using origin = await startRawOrigin((socket) => socket.end())
  expect(await outcome(origin.port, { tls: {} })).toMatchObject({ code: 'UPSTREAM_BROKEN' })
})
