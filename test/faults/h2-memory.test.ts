/**
 * HTTP/2 clients that request much and read nothing: the memory held for them is bounded by connection and by
 * worker.
 */
import { truncateSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { createSite } from '../integration/static/site.ts'
import { H2Client } from '../kit/clients/h2-client.ts'
import { FrameClient, frame, requestOf } from '../kit/clients/h2-frames.ts'
import { filesIn, reverseTo, startEdge, type TestEdge } from '../kit/daemons/data-plane.ts'
import { startOrigin } from '../kit/origins/origin.ts'
import { until } from '../kit/waiting/until.ts'

const mebibyte = 1024 * 1024
const streams = 100

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Bytes in use, inside and outside the heap. */
const used = (): number => {
  const { external, heapUsed } = process.memoryUsage()
  return external + heapUsed
}

/** SETTINGS_INITIAL_WINDOW_SIZE (RFC 9113 6.5.2). */
const windowOf = (bytes: number): Buffer => {
  const payload = Buffer.alloc(6)
  payload.writeUInt16BE(4, 0)
  payload.writeUInt32BE(bytes, 2)
  return payload
}

async function greedy(port: number, path: string, window: number): Promise<FrameClient> {
  const client = await FrameClient.connect(port)
  client.send(frame.settings, 0, 0, windowOf(window))
  for (let at = 0; at < streams; at += 1) client.request(1 + 2 * at, requestOf({ ':path': path }))
  return client
}

/** Peak memory of this process above its initial use, measured until nothing changes any more. */
async function heldFor(proxy: TestEdge, path: string, window: number, connections: number) {
  collect()
  const before = used()
  let most = 0
  const timer = setInterval(() => {
    collect()
    most = Math.max(most, used() - before)
  }, 50)
  const clients = await Promise.all(
    Array.from({ length: connections }, () => greedy(proxy.port, path, window)),
  )
  try {
    // Honest clients are served meanwhile.
    for (let round = 0; round < 10; round += 1) {
      using honest = await H2Client.connect(proxy.port)
      const answer = await honest.get('/small.txt')
      expect(answer).toMatchObject({ status: 200, isWhole: true })
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  } finally {
    clearInterval(timer)
    for (const client of clients) client[Symbol.dispose]()
  }
  await until('all connections are closed', () => proxy.edge.open === 0)
  return most
}

test.each([0, 1, 1_000])(
  '1,700 streams of a 3 MB file with a window of %i bytes use less than 64 MiB',
  async (window) => {
    await using site = createSite({ 'small.txt': 'small' })
    truncateSync(site.write('big.bin', ''), 3_000_000)
    const mount = { path: '/', rootDir: site.root, spaMode: false, spaFallbackFile: 'x', indexFiles: [] }
    await using proxy = await startEdge(filesIn([mount]), { cleartext: 'h2' })
    expect(await heldFor(proxy, '/big.bin', window, 17)).toBeLessThan(64 * mebibyte)
  },
)

test('upstream responses exceed the bound of their connection by at most one read each', async () => {
  const big = Buffer.alloc(300_000)
  await using origin = await startOrigin((req, res) => res.end(req.url === '/big' ? big : 'small'))
  const timeouts = { responseMs: 30_000 }
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`, { timeouts }), {
    cleartext: 'h2',
  })
  expect(await heldFor(proxy, '/big', 0, 4)).toBeLessThan(64 * mebibyte)
})
