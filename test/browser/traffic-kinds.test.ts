import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { connect } from 'node:http2'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { answerOf } from '../kit/clients/h2-client.ts'
import { RawClient } from '../kit/clients/raw-client.ts'
import { startTestDaemon, type TestDaemon } from '../kit/daemons/daemon.ts'
import { token } from '../kit/daemons/traffic-questions.ts'
import { tempDir } from '../kit/files/temp-dir.ts'
import { type Origin, startOrigin } from '../kit/origins/origin.ts'
import { hasBrowser, useBrowser } from '../kit/page/browser.ts'
import { makeCertificate, writeCertificate } from '../kit/tls/certificates.ts'

/** Traffic beyond plain requests: tunnels and HTTP/2 streams. */
describe.skipIf(!hasBrowser)('the traffic view of', () => {
  const browser = useBrowser()
  let origin: Origin
  let bridge: TestDaemon
  let directory: string
  beforeAll(async () => {
    origin = await startOrigin((req, res) => {
      if (req.url !== '/held') res.writeHead(req.url === '/missing' ? 404 : 200).end('hello')
    })
    directory = tempDir()
    const subject = { subject: 'a.test', names: ['a.test'] }
    const certificates = [writeCertificate(directory, 'a', makeCertificate(subject))]
    bridge = await startTestDaemon(
      {
        mode: 'Combined',
        admin: { listen_addr: '127.0.0.1:0', token },
        workers: {
          forward_proxy: { listen_addr: '127.0.0.1:0' },
          reverse_proxy: {
            listeners: [{ address: '127.0.0.1:0', tls: { certificates } }],
            target: `http://${origin.authority}`,
          },
        },
      },
      { samplePeriodMs: 200, baseDir: directory },
    )
  })
  afterEach(() => browser.closePages())
  afterAll(async () => {
    await bridge[Symbol.asyncDispose]()
    await origin.close()
    rmSync(directory, { recursive: true })
  })

  const traffic = async (worker: string) => {
    const watched = await browser.newPage()
    await watched.page.goto(`http://127.0.0.1:${bridge.port('admin')}/#/traffic/${worker}`)
    await watched.page.getByRole('button', { name: 'Watch' }).click()
    await watched.page.locator('.summary', { hasText: 'all exchanges' }).waitFor()
    return watched
  }
  const connections = (page: Page) =>
    page.getByRole('region', { name: 'Open connections, oldest first' }).locator('tbody tr')
  const exchanges = (page: Page) =>
    page.getByRole('region', { name: 'Exchanges, latest first' }).locator('tbody tr')

  test('a forward proxy shows an open CONNECT tunnel, and afterwards why it ended', async () => {
    const { page, complaints } = await traffic('forward_proxy')
    const client = await RawClient.connect(bridge.port('forward_proxy'))
    client.head(`CONNECT ${origin.authority} HTTP/1.1`, `Host: ${origin.authority}`)
    await client.responseHead()
    const open = connections(page).filter({ hasText: `CONNECT ${origin.authority}` })
    await open.filter({ hasText: 'tunnel' }).waitFor()
    client.destroy()
    await exchanges(page)
      .filter({ hasText: `CONNECT ${origin.authority}` })
      .getByRole('link')
      .click()
    await page.locator('.why-answer h2', { hasText: `CONNECT ${origin.authority}` }).waitFor()
    const facts = page.locator('.request-facts')
    expect(await facts.textContent()).toMatch(
      /Ended(?:CT: the client left, while it was a tunnel|--: it completed)/,
    )
    await page.locator('.reasons-chain li[data-about="request"]').first().waitFor()
    expect(complaints).toEqual([])
  })

  test('a forward proxy links a refused CONNECT to its reason', async () => {
    using client = await RawClient.connect(bridge.port('forward_proxy'))
    client.head('CONNECT 127.0.0.1:1 HTTP/1.1', 'Host: 127.0.0.1:1')
    expect((await client.response()).status).toBe(502)
    const { page } = await traffic('forward_proxy')
    const row = exchanges(page).filter({ hasText: 'CONNECT 127.0.0.1:1' })
    await row.filter({ hasText: '502 UPSTREAM_REFUSED' }).getByRole('link').click()
    await page.locator('.reasons-chain li[data-about="rule"]').first().waitFor()
    await page.locator('.reasons-chain li[data-about="right"]').first().waitFor()
    await page.locator('.request-facts', { hasText: 'while the upstream was dialled' }).waitFor()
  })

  test('a reverse proxy shows HTTP/2 streams and links each to its reason', async () => {
    const { page, complaints } = await traffic('reverse_proxy')
    const client = connect(`https://127.0.0.1:${bridge.port('reverse_proxy')}`, {
      servername: 'a.test',
      rejectUnauthorized: false,
    })
    const held = client.request({ ':path': '/held' })
    await connections(page)
      .filter({ hasText: '127.0.0.1 (TLS)' })
      .filter({ hasText: 'HTTP/2, 1 streams' })
      .waitFor()
    expect((await answerOf(client.request({ ':path': '/missing' }))).status).toBe(404)
    await exchanges(page)
      .filter({ hasText: 'GET /missing' })
      .filter({ hasText: '404' })
      .getByRole('link')
      .click()
    await page.locator('.why-answer h2', { hasText: 'GET /missing' }).waitFor()
    expect(await page.locator('.request-facts').textContent()).toContain('HTTP2')
    await page.locator('.reasons-chain li[data-about="request"]').first().waitFor()
    held.close()
    client.close()
    await once(client, 'close')
    expect(complaints).toEqual([])
  })
})
