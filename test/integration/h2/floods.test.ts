import { afterEach, beforeEach, expect, test } from 'vitest'
import { H2Client } from '../../kit/clients/h2-client.ts'
import {
  FrameClient,
  fieldsOf,
  flag,
  frame,
  frameOf,
  number,
  requestOf,
} from '../../kit/clients/h2-frames.ts'
import { reverseTo, startEdge, type TestEdge } from '../../kit/daemons/data-plane.ts'
import { type Origin, startOrigin } from '../../kit/origins/origin.ts'
import { until } from '../../kit/waiting/until.ts'

const calm = 11

let origin: Origin
let proxy: TestEdge
let honest: H2Client
let attacker: FrameClient

beforeEach(async () => {
  origin = await startOrigin((req, res) => {
    if (req.url !== '/slow') res.end('hello')
  })
  proxy = await startEdge(reverseTo(`http://${origin.authority}`), { cleartext: 'h2' })
  honest = await H2Client.connect(proxy.port)
  attacker = await FrameClient.connect(proxy.port)
})

afterEach(async () => {
  honest[Symbol.dispose]()
  attacker[Symbol.dispose]()
  await proxy[Symbol.asyncDispose]()
  await origin[Symbol.asyncDispose]()
})

/** Sends until the connection ends, at most `most` times, while an honest client is served. */
async function flood(most: number, send: (round: number) => Buffer): Promise<void> {
  let served = 0
  for (let round = 0; round < most && !attacker.isEnded; round += 1) {
    attacker.bytes(send(round))
    if (round % 20 === 0) {
      expect((await honest.get('/')).text).toBe('hello')
      served += 1
    }
  }
  await attacker.ended()
  expect((await honest.get('/')).text).toBe('hello')
  expect(served).toBeGreaterThan(0)
  await until('it is counted', () => proxy.counters().connectionsCutOff === 1)
  await until('nothing runs for it', () => proxy.edge.open === 1)
}

const lastGoaway = () =>
  attacker.frames.findLast(({ type }) => type === frame.goaway)?.payload.readUInt32BE(4)

const open = (stream: number, path = '/slow') =>
  frameOf(frame.headers, flag.endHeaders | flag.endStream, stream, fieldsOf(requestOf({ ':path': path })))

const reset = (stream: number, code: number) => frameOf(frame.reset, 0, stream, number(code))

for (const code of [8, 0]) {
  test(`rapid reset with code ${code}, in one write each: 200 and the connection is over`, async () => {
    await flood(2_000, (round) => Buffer.concat([open(1 + 2 * round), reset(1 + 2 * round, code)]))
    expect(lastGoaway()).toBe(calm)
    expect(origin.accepted).toBeLessThan(300)
    await until('the upstream connections are closed', () => origin.sockets.size <= 2)
  })
}

test('rapid reset of running requests: 200 and the connection is over', async () => {
  let stream = 1
  let opened = 0
  await flood(2_000, () => {
    const bytes = opened < 50 ? open(stream) : reset(stream - 100, 8)
    stream += 2
    opened += 1
    return opened > 50 ? Buffer.concat([bytes, open(stream - 2)]) : bytes
  })
  expect(lastGoaway()).toBe(calm)
  await until('the upstream connections are closed', () => origin.sockets.size <= 2)
})

test('streams that make the proxy reset them (a window update of 0) count like resets', async () => {
  await flood(2_000, (round) =>
    Buffer.concat([open(1 + 2 * round), frameOf(frame.windowUpdate, 0, 1 + 2 * round, number(0))]),
  )
  expect([calm, 1]).toContain(lastGoaway())
  await until('the upstream connections are closed', () => origin.sockets.size <= 2)
})

test('malformed heads are reset one by one, and then the connection is over', async () => {
  await flood(2_000, (round) =>
    frameOf(
      frame.headers,
      flag.endHeaders | flag.endStream,
      1 + 2 * round,
      fieldsOf(requestOf({}, ['X', 'y'])),
    ),
  )
})

test('PING', async () => {
  const ping = frameOf(frame.ping, 0, 0, Buffer.alloc(8))
  await flood(2_000, () => Buffer.concat(Array.from({ length: 50 }, () => ping)))
  expect(lastGoaway()).toBe(calm)
})

test('SETTINGS', async () => {
  const settings = frameOf(frame.settings, 0, 0, Buffer.from([0, 4, 0, 0, 0xff, 0xff]))
  await flood(2_000, () => Buffer.concat(Array.from({ length: 50 }, () => settings)))
  expect(lastGoaway()).toBe(calm)
})

test('empty DATA', async () => {
  attacker.request(1, requestOf({ ':method': 'POST', ':path': '/slow' }), true)
  await flood(5_000, () => frameOf(frame.data, 0, 1))
})

test('endless CONTINUATION', async () => {
  attacker.send(frame.headers, 0, 1, fieldsOf(requestOf()))
  await flood(1_000, (round) =>
    frameOf(frame.continuation, 0, 1, fieldsOf([[`x-${round}`, 'y'.repeat(100)]])),
  )
})

test.each([
  ['priorities', frameOf(frame.priority, 0, 1, Buffer.from([0, 0, 0, 3, 9]))],
  ['unknown frames', frameOf(0x77, 0, 0, Buffer.alloc(200))],
  ['window updates', frameOf(frame.windowUpdate, 0, 0, number(1))],
])('frames without effect: %s', async (_name, one) => {
  attacker.bytes(open(1))
  const many = Buffer.concat(Array.from({ length: 5_000 }, () => one))
  await flood(1_000, () => many)
  expect(lastGoaway()).toBe(calm)
})

test('a header list over the limit is refused, even if it is small on the wire', async () => {
  // One entry of 4,000 bytes in the dynamic table, then one byte per repetition (RFC 7541 6.1).
  const entry = Buffer.concat([Buffer.from([0x40]), fieldsOf([['x-bomb', 'a'.repeat(4_000)]]).subarray(1)])
  const block = Buffer.concat([fieldsOf(requestOf()), entry, Buffer.alloc(100, 0x80 | 62)])
  attacker.send(frame.headers, flag.endHeaders | flag.endStream, 1, block)
  expect(await attacker.outcome(1)).toBe('431')
  expect(origin.seen).toHaveLength(0)
  attacker.request(3, requestOf())
  expect(await attacker.outcome(3)).toBe('200')
})

test('streams over the limit are refused, and the running ones continue', async () => {
  for (let at = 0; at < 101; at += 1) attacker.bytes(open(1 + 2 * at))
  expect(await attacker.outcome(201)).toMatch(/^reset /)
  await until('the others run', () => origin.seen.length === 100)
  expect((await honest.get('/')).text).toBe('hello')
})
