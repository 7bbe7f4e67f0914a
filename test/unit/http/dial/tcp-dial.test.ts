import { once } from 'node:events'
import { type AddressInfo, createServer, type LookupFunction, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import type { BifrostError } from '../../../../src/errors.ts'
import type { DialTarget } from '../../../../src/http/dial/target.ts'
import { TcpDial } from '../../../../src/http/dial/tcp-dial.ts'
import type { Transport } from '../../../../src/http/transport/transport.ts'
import { unowned } from '../../../../src/http/transport/unowned.ts'
import { gateWith } from '../../../kit/engine/relayed.ts'
import { unusedPort } from '../../../kit/origins/origin.ts'
import { startStuckListener } from '../../../kit/origins/stuck-listener.ts'
import { until } from '../../../kit/waiting/until.ts'

/** A listener that keeps its connections. */
async function listenOn(host: string, port = 0) {
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    socket.resume().on('end', () => socket.end())
  })
  await once(server.listen(port, host), 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    sockets,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await once(server.close(), 'close')
    },
  }
}

interface Outcome {
  readonly error: BifrostError | null
  /** Of the connected transport, which is closed. */
  readonly remoteAddress: string | undefined
  readonly localAddress: string | undefined
}

const outcome = (target: Partial<DialTarget> & { readonly port: number }): Promise<Outcome> =>
  new Promise((resolve) => {
    new TcpDial({ host: 'name.test', timeoutMs: 5_000, gate: null, ...target }, (error, transport) => {
      const { remoteAddress, localAddress } = transport ?? {}
      close(transport)
      resolve({ error, remoteAddress, localAddress })
    })
  })

function close(transport: Transport | null): void {
  if (transport !== null) transport.owner = unowned
  transport?.close()
}

/** Number of TCP handles that are connected or connecting. */
const openHandles = (): number =>
  process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length

const found = (addresses: readonly string[]) =>
  addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))

/** A gate whose resolver finds these addresses at once. */
const finding = (...addresses: string[]) =>
  gateWith({ lookup: ((_host, _options, done) => done(null, found(addresses))) as LookupFunction })

test('a failed attempt is followed by the next address', async () => {
  await using listener = await listenOn('127.0.0.1')
  const gate = finding('127.0.0.2', '127.0.0.1')
  expect(await outcome({ port: listener.port, gate })).toMatchObject({
    error: null,
    remoteAddress: '127.0.0.1',
  })
})

test('an attempt that fails at once is followed by the next address', async () => {
  await using listener = await listenOn('127.0.0.1')
  const gate = finding('127.0.0.999', '127.0.0.1')
  expect(await outcome({ port: listener.port, gate })).toMatchObject({
    error: null,
    remoteAddress: '127.0.0.1',
  })
})

test('a silent address is not waited for, and its attempt is closed when another one succeeds', async () => {
  await using stuck = await startStuckListener()
  await using listener = await listenOn('127.0.0.3', stuck.port)
  const gate = finding('127.0.0.1', '127.0.0.3')
  const before = openHandles()
  expect(await outcome({ port: listener.port, gate })).toMatchObject({
    error: null,
    remoteAddress: '127.0.0.3',
  })
  await until('no attempt is left', () => listener.sockets.size === 0 && openHandles() <= before)
})

test('if all addresses fail, the error is the first one and the cause has all of them', async () => {
  const port = await unusedPort()
  const { error } = await outcome({ port, gate: finding('127.0.0.1', '127.0.0.999') })
  expect(error).toMatchObject({ code: 'UPSTREAM_REFUSED' })
  expect(error?.cause).toMatchObject({
    code: 'ECONNREFUSED',
    message: `connect ECONNREFUSED 127.0.0.1:${port}; connect EINVAL 127.0.0.999:${port}`,
  })
})

test('the cause of a failure is the error that Node would make', async () => {
  const port = await unusedPort()
  const { error } = await outcome({ host: '127.0.0.1', port })
  expect(error?.cause).toMatchObject({
    message: `connect ECONNREFUSED 127.0.0.1:${port}`,
    code: 'ECONNREFUSED',
    syscall: 'connect',
    address: '127.0.0.1',
    port,
  })
})

test('a failure within the call is reported after it', async () => {
  let calls = 0
  new TcpDial({ host: 'name.test', port: 80, timeoutMs: 5_000, gate: finding('127.0.0.999') }, (error) => {
    expect(error).toMatchObject({ code: 'UPSTREAM_REFUSED' })
    calls += 1
  })
  expect(calls).toBe(0)
  await until('it is reported', () => calls === 1)
})

test('a port out of range is an error, not the end of the process', async () => {
  expect(await outcome({ host: '127.0.0.1', port: 70_000 })).toMatchObject({
    error: { code: 'UPSTREAM_REFUSED' },
  })
})

test.each(['0.0.0.0', '::ffff:127.0.0.1', '::ffff:7f00:1'])(
  'the address of the peer is the real one: %s',
  async (host) => {
    await using listener = await listenOn('127.0.0.1')
    const { error, remoteAddress, localAddress } = await outcome({ host, port: listener.port })
    expect(error).toBeNull()
    expect(remoteAddress).toBe(host === '0.0.0.0' ? '127.0.0.1' : '::ffff:127.0.0.1')
    expect(localAddress).toBe(remoteAddress)
  },
)

test('an answer of the resolver after the dial was given up is ignored', async () => {
  await using listener = await listenOn('127.0.0.1')
  let answer = (): void => {}
  const lookup: LookupFunction = (_host, _options, done) => {
    answer = () => done(null, found(['127.0.0.1']))
  }
  const target = { host: 'name.test', port: listener.port, timeoutMs: 5_000, gate: gateWith({ lookup }) }
  let calls = 0
  new TcpDial(target, () => {
    calls += 1
  }).giveUp()
  answer()
  await outcome({ host: '127.0.0.1', port: listener.port })
  await until('no connection is left', () => listener.sockets.size === 0)
  expect(calls).toBe(0)
})

test('the local address is read only if the gate asks for it', async () => {
  await using listener = await listenOn('127.0.0.1')
  const seen: (string | undefined)[] = []
  const gate = gateWith({
    refusePeer: (_host, _port, { remoteAddress, localAddress }) => {
      seen.push(remoteAddress, localAddress)
      return null
    },
  })
  expect(await outcome({ host: '127.0.0.1', port: listener.port, gate })).toMatchObject({ error: null })
  expect(seen).toEqual(['127.0.0.1', '127.0.0.1'])
})
