import { describe, expect, test } from 'vitest'
import type { ServiceSettings } from '../../../../src/config/settings/settings.ts'
import { RawClient } from '../../../kit/clients/raw-client.ts'
import { filesIn, reverseTo, startEdge } from '../../../kit/daemons/data-plane.ts'
import { startOrigin } from '../../../kit/origins/origin.ts'
import { createSite } from '../../static/site.ts'

/** Requests of the busy connection, and how many of them may be answered before a single one of another. */
const busy = 500
const most = 250

const answersIn = (bytes: Buffer) => bytes.toString('latin1').split('HTTP/1.1 ').length - 1

/**
 * One client sends many requests at once, then another client sends one. Returns the number of answers that
 * the first client had when the second one got its own. All of them are read in this thread, so the order in
 * which answers arrive does not depend on the speed of the machine.
 */
async function answeredBefore(port: number, isTls: boolean): Promise<number> {
  const connect = () => (isTls ? RawClient.connectTls(port) : RawClient.connect(port))
  using first = await connect()
  using second = await connect()
  first.send('GET /nope HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(busy))
  // The same target: another file would be waited for on the disk.
  second.head('GET /nope HTTP/1.1', 'Host: b')
  await second.responseHead()
  const before = answersIn(first.pending)
  for (let at = 0; at < busy; at += 1) await first.response()
  return before
}

describe.each([
  { over: 'TCP', isTls: false },
  { over: 'TLS', isTls: true },
])('500 pipelined requests of one connection, over $over,', ({ isTls }) => {
  const measure = async (settings: ServiceSettings) => {
    await using proxy = await startEdge(settings, { tls: isTls })
    return await answeredBefore(proxy.port, isTls)
  }

  test('do not delay a request for a file', async () => {
    await using site = createSite({ nope: 'nope' })
    const mount = { path: '/', rootDir: site.root, spaMode: false, spaFallbackFile: 'x', indexFiles: [] }
    expect(await measure(filesIn([mount]))).toBeLessThan(most)
  })

  test('do not delay a request that is refused', async () => {
    await using site = createSite()
    const mount = { path: '/', rootDir: site.root, spaMode: false, spaFallbackFile: 'x', indexFiles: [] }
    expect(await measure(filesIn([mount]))).toBeLessThan(most)
  })

  test('do not delay a request to an upstream', async () => {
    await using origin = await startOrigin()
    expect(await measure(reverseTo(`http://${origin.authority}`))).toBeLessThan(most)
  })
})

test('twenty busy connections do not delay a new one', async () => {
  await using site = createSite()
  const mount = { path: '/', rootDir: site.root, spaMode: false, spaFallbackFile: 'x', indexFiles: [] }
  await using proxy = await startEdge(filesIn([mount]))
  const clients = await Promise.all(Array.from({ length: 20 }, () => RawClient.connect(proxy.port)))
  for (const client of clients) client.send('GET /nope HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(busy))
  using late = await RawClient.connect(proxy.port)
  late.head('GET /nope HTTP/1.1', 'Host: b')
  await late.responseHead()
  const before = clients.reduce((sum, { pending }) => sum + answersIn(pending), 0)
  expect(before).toBeLessThan((20 * busy) / 2)
  for (const client of clients) {
    for (let at = 0; at < busy; at += 1) await client.response()
    client.destroy()
  }
})
