/** RFC 9113 8.1.1: a body whose length differs from its Content-Length makes the request malformed. */
import { expect, test } from 'vitest'
import { FrameClient, flag, frame, requestOf } from '../../kit/clients/h2-frames.ts'
import { filesIn, reverseTo, startEdge } from '../../kit/daemons/data-plane.ts'
import { startOrigin } from '../../kit/origins/origin.ts'
import { until } from '../../kit/waiting/until.ts'

const h2 = { cleartext: 'h2' } as const
const post = (length: string) => requestOf({ ':method': 'POST' }, ['content-length', length])

test.each([
  ['longer, in one frame', '5', ['hello, world']],
  ['longer, in two frames', '5', ['hello', 'more']],
  ['longer than nothing', '0', ['x']],
  ['shorter', '50', ['hello']],
  ['empty', '5', ['']],
])('a body that is %s never reaches the upstream as a complete request', async (_, length, pieces) => {
  const bodies: string[] = []
  await using origin = await startOrigin(async (_req, res, seen) => {
    const body = await seen.body.catch(() => null)
    if (body !== null) bodies.push(body.toString())
    res.end()
  })
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`), h2)
  using client = await FrameClient.connect(proxy.port)
  client.request(1, post(length), true)
  for (const [at, piece] of pieces.entries())
    client.send(frame.data, at === pieces.length - 1 ? flag.endStream : 0, 1, Buffer.from(piece))
  // nghttp2 ends the stream or the whole connection.
  const outcome = await client.outcome(1).catch(() => 'closed')
  expect(['reset 1', 'closed', '400', '502']).toContain(outcome)
  await until('nothing is running', () => proxy.edge.open === 0 || outcome !== 'closed')
  await until('the origin has let go', () => origin.seen.every(({ req }) => req.closed))
  expect(bodies).toEqual([])
  for (const { body } of origin.seen)
    expect(await body.catch(() => 'cut off'), 'what the origin has read of it').toBe('cut off')
})

test('no byte beyond the length is written to the upstream', async () => {
  const received: Buffer[] = []
  await using origin = await startOrigin((req, res) => {
    req.socket.on('data', (chunk: Buffer) => received.push(chunk))
    req.on('end', () => res.end())
  })
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`), h2)
  using client = await FrameClient.connect(proxy.port)
  client.request(1, post('5'), true)
  await until('the origin has the head', () => origin.seen.length === 1)
  const smuggled = 'helloGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n'
  client.send(frame.data, flag.endStream, 1, Buffer.from(smuggled))
  await client.outcome(1).catch(() => 'closed')
  await until('the upstream connection is closed', () => origin.sockets.size === 0)
  expect(Buffer.concat(received).toString()).not.toContain('smuggled')
  expect(origin.seen).toHaveLength(1)
})

test('a new connection is served, and the end of the other one is counted', async () => {
  await using proxy = await startEdge(
    filesIn([
      { path: '/', rootDir: 'config/site', spaMode: false, spaFallbackFile: 'x', indexFiles: ['index.html'] },
    ]),
    h2,
  )
  using client = await FrameClient.connect(proxy.port)
  client.request(1, post('5'), true).send(frame.data, flag.endStream, 1, Buffer.from('hello, world'))
  await client.outcome(1).catch(() => 'closed')
  using other = await FrameClient.connect(proxy.port)
  other.request(1, requestOf())
  expect(await other.outcome(1)).toBe('200')
})
