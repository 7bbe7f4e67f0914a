/** request_limits over HTTP/2: the advertised size is the enforced one. */
import { expect, test } from 'vitest'
import { FrameClient, fieldsOf, flag, frame, requestOf } from '../../kit/clients/h2-frames.ts'
import { forwardTo, reverseTo, startEdge } from '../../kit/daemons/data-plane.ts'
import { startOrigin } from '../../kit/origins/origin.ts'

const h2 = { cleartext: 'h2' } as const
const maxHeadBytes = 2_048
type Fields = ReturnType<typeof requestOf>

const sizeOf = (fields: Fields) =>
  fields.reduce((sum, [name, value]) => sum + name.length + value.length + 32, 0)

/** A request whose field section has exactly this size. */
function ofSize(bytes: number): Fields {
  const short = requestOf({}, ['x-a', ''])
  return requestOf({}, ['x-a', 'y'.repeat(bytes - sizeOf(short))])
}

/** Split over as many frames as needed. */
function send(client: FrameClient, stream: number, fields: Fields): void {
  const block = fieldsOf(fields)
  const frames = Math.ceil(block.length / 16_384)
  for (let at = 0; at < frames; at += 1) {
    const last = at === frames - 1 ? flag.endHeaders : 0
    const piece = block.subarray(at * 16_384, (at + 1) * 16_384)
    if (at === 0) client.send(frame.headers, last | flag.endStream, stream, piece)
    else client.send(frame.continuation, last, stream, piece)
  }
}

test.each([
  ['reverse', (target: string) => reverseTo(target, { sizes: { maxHeadBytes } })],
  ['forward', () => forwardTo({ sizes: { maxHeadBytes } })],
])('%s: a head of max_header_size passes, one byte more is answered with 431', async (_, service) => {
  await using origin = await startOrigin()
  await using proxy = await startEdge(service(`http://${origin.authority}`), h2)
  using client = await FrameClient.connect(proxy.port)
  const to = (fields: Fields): Fields =>
    fields.map(([name, value]) =>
      name === 'x-a' ? [name, value.slice(origin.authority.length - 11)] : [name, value],
    )
  const addressed = (bytes: number): Fields =>
    to(ofSize(bytes)).map(([name, value]) =>
      name === ':authority' ? [name, origin.authority] : [name, value],
    )
  expect(sizeOf(addressed(maxHeadBytes))).toBe(maxHeadBytes)
  send(client, 1, addressed(maxHeadBytes))
  expect(await client.outcome(1)).toBe('200')
  send(client, 3, addressed(maxHeadBytes + 1))
  expect(await client.outcome(3)).toBe('431')
  send(client, 5, requestOf({ ':authority': origin.authority }))
  expect(await client.outcome(5)).toBe('200')
  expect(origin.seen).toHaveLength(2)
  expect(proxy.records.find(({ status }) => status === 431)).toMatchObject({ code: 'HEAD_TOO_LARGE' })
})

test.each([3_000, 16_000, 30_000, 60_000])(
  'a head of %i bytes is answered with 431 and not forwarded',
  async (bytes) => {
    await using origin = await startOrigin()
    await using proxy = await startEdge(
      reverseTo(`http://${origin.authority}`, { sizes: { maxHeadBytes } }),
      h2,
    )
    using client = await FrameClient.connect(proxy.port)
    send(client, 1, ofSize(bytes))
    expect(await client.outcome(1)).toBe('431')
    send(client, 3, requestOf())
    expect(await client.outcome(3)).toBe('200')
    expect(origin.seen).toHaveLength(1)
    expect(proxy.records.map(({ status }) => status)).toEqual([431, 200])
  },
)

test('short fields count 32 bytes more each, and so do the crumbs of a Cookie', async () => {
  await using origin = await startOrigin()
  await using proxy = await startEdge(
    reverseTo(`http://${origin.authority}`, { sizes: { maxHeadBytes } }),
    h2,
  )
  const many = (name: string): Fields =>
    requestOf({}, ...Array.from({ length: 60 }, () => [name, 'b=1'] as const))
  for (const name of ['x', 'cookie']) {
    using client = await FrameClient.connect(proxy.port)
    client.request(1, many(name))
    expect(await client.outcome(1), name).toBe('431')
  }
  expect(origin.seen).toHaveLength(0)
})

test.each([
  [
    'max_headers',
    { maxFields: 5 },
    requestOf({}, ...Array.from({ length: 6 }, (_, at) => [`x-${at}`, 'y'] as const)),
    '431',
  ],
  ['max_target_size', { maxTargetBytes: 64 }, requestOf({ ':path': `/${'x'.repeat(64)}` }), '414'],
])('%s is enforced', async (_, sizes, fields, status) => {
  await using origin = await startOrigin()
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`, { sizes }), h2)
  using client = await FrameClient.connect(proxy.port)
  client.request(1, fields as Fields)
  expect(await client.outcome(1)).toBe(status)
  expect(origin.seen).toHaveLength(0)
})
