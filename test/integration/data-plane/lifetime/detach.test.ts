import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { RawClient } from '../../../kit/clients/raw-client.ts'
import { forwardTo, reverseTo, startEdge, type TestEdge } from '../../../kit/daemons/data-plane.ts'
import { startOrigin } from '../../../kit/origins/origin.ts'
import { tied } from '../../../kit/processes/tied.ts'
import { until } from '../../../kit/waiting/until.ts'

const origin = await startOrigin()
const settings = reverseTo(`http://${origin.authority}`)
const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

let edges: TestEdge[] = []
afterEach(async () => {
  for (const edge of edges) await edge[Symbol.asyncDispose]()
  edges = []
})

async function start(
  options: Parameters<typeof startEdge>[1] = {},
  of: Parameters<typeof startEdge>[0] = settings,
) {
  const edge = await startEdge(of, options)
  edges.push(edge)
  return edge
}

/** A client that `from` has answered once. */
async function servedBy(from: TestEdge): Promise<RawClient> {
  const client = await RawClient.connect(from.port)
  client.send(get)
  expect((await client.response()).status).toBe(200)
  await until('the exchange is over', () => from.records.length === 1)
  return client
}

function move(from: TestEdge, to: TestEdge): number {
  const given = from.edge.handOver(100)
  for (const one of given) to.edge.receive(one)
  return given.length
}

const bytesOf = ({ counters }: TestEdge) => {
  const { bytesReceived, bytesSent, requestsTotal } = counters()
  return { bytesReceived, bytesSent, requestsTotal }
}

describe('a kept connection', () => {
  test('is served on by another data plane, and by the first one again', async () => {
    const [first, second] = [await start(), await start()]
    using client = await servedBy(first)
    for (const [from, to] of [
      [first, second],
      [second, first],
    ] as const) {
      expect(move(from, to)).toBe(1)
      expect([from.edge.open, to.edge.open]).toEqual([0, 1])
      expect([from.admission.active, to.admission.active]).toEqual([0, 1])
      client.send(get)
      expect((await client.response()).status).toBe(200)
    }
    client.destroy()
    await until('it is let go', () => first.edge.open === 0 && first.admission.active === 0)
  })

  test('is counted once', async () => {
    const [first, second, only] = [await start(), await start(), await start()]
    using client = await servedBy(first)
    move(first, second)
    client.send(get)
    await client.response()
    using reference = await servedBy(only)
    await until('both are over', () => second.records.length === 1)
    expect(bytesOf(first)).toEqual(bytesOf(only))
    expect(bytesOf(second)).toEqual(bytesOf(only))
    expect(second.records[0]?.client).toBe('127.0.0.1')
    expect(reference.isEnded).toBe(false)
  })

  test('keeps its age, its waiting time and the port of its client', async () => {
    const [first, second] = [await start(), await start()]
    using client = await servedBy(first)
    const [given] = first.edge.handOver(1)
    if (given === undefined) throw new Error('nothing was given away')
    expect(given).toMatchObject({
      peer: '127.0.0.1',
      peerPort: client.socket.localPort,
      hasAsked: true,
      unread: null,
    })
    expect(given.ageMs).toBeGreaterThanOrEqual(given.waitedMs)
    second.edge.receive({ ...given, waitedMs: 60_000 })
    // It has waited longer than the 5 s of the test settings.
    expect(await client.rest()).toEqual(Buffer.alloc(0))
  })

  test('ends at once when the next data plane drains', async () => {
    const [first, second] = [await start(), await start()]
    using client = await servedBy(first)
    move(first, second)
    second.edge.drain()
    expect(await client.rest()).toEqual(Buffer.alloc(0))
  })

  test('takes bytes that were not read yet along', async () => {
    const [first, second] = [await start(), await start()]
    using client = await servedBy(first)
    first.transports[0]?.pause()
    client.send(`${get}${get}`)
    move(first, second)
    for (const _ of [1, 2]) expect((await client.response()).status).toBe(200)
    expect(first.records.length).toBe(1)
  })

  test('is refused by a data plane that is full', async () => {
    const [first, second] = [await start(), await start({ limit: 0 })]
    using client = await servedBy(first)
    move(first, second)
    expect((await client.response()).status).toBe(503)
    expect([second.admission.active, second.admission.refused]).toEqual([0, 1])
  })

  test('is served on by another process', async () => {
    const first = await start()
    using client = await servedBy(first)
    first.transports[0]?.pause()
    client.send(get)
    const path = join(import.meta.dirname, '../../../kit/daemons/receiving-process.ts')
    const child = tied(fork(path, [`http://${origin.authority}`], { serialization: 'advanced' }))
    await once(child, 'message')
    const [given] = first.edge.handOver(1)
    if (given === undefined) throw new Error('nothing was given away')
    const { socket, ...rest } = given
    child.send(rest, socket)
    expect(await once(child, 'message')).toEqual([1, undefined])
    for (const _ of [1, 2]) {
      expect((await client.response()).status).toBe(200)
      client.send(get)
    }
    expect([first.edge.open, first.records.length]).toEqual([0, 1])
  })

  test('moves between the same services of combined workers', async () => {
    const both = [settings, forwardTo()]
    const [first, second] = [await start({}, both), await start({}, both)]
    using client = await servedBy(first)
    expect(move(first, second)).toBe(1)
    expect([first.services.reverse.active, second.services.reverse.active]).toEqual([0, 1])
    client.send(get)
    await client.response()
    expect([second.services.reverse.active, second.services.reverse.opened]).toEqual([1, 0])
    client.destroy()
    await until('it is let go', () => second.services.reverse.active === 0)
  })
})

describe('a connection is not given away', () => {
  test('while a request is answered', async () => {
    const first = await start()
    using client = await RawClient.connect(first.port)
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab')
    await until('the request runs', () => (first.transports[0]?.bytesRead ?? 0) > 0)
    expect(first.edge.handOver(1)).toEqual([])
    client.destroy()
  })

  test('once a part of a head has been read', async () => {
    const first = await start()
    using client = await servedBy(first)
    client.send(get.slice(0, 10))
    await until('the part is read', () => (first.transports[0]?.bytesRead ?? 0) > get.length)
    expect(first.edge.handOver(1)).toEqual([])
    client.send(get.slice(10))
    expect((await client.response()).status).toBe(200)
  })

  test('over TLS', async () => {
    const first = await start({ tls: true })
    using client = await RawClient.connectTls(first.port)
    client.send(get)
    await client.response()
    expect(first.edge.handOver(1)).toEqual([])
    client.send(get)
    expect((await client.response()).status).toBe(200)
  })
})
