import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { RawClient } from '../kit/clients/raw-client.ts'
import { startTestDaemon, type TestDaemon } from '../kit/daemons/daemon.ts'
import { token } from '../kit/daemons/traffic-questions.ts'
import { tempDir } from '../kit/files/temp-dir.ts'
import { type Origin, startOrigin } from '../kit/origins/origin.ts'
import { hasBrowser, takeScreenshot, useBrowser } from '../kit/page/browser.ts'
import { fixtureActors, fixtureWorker, PageServer } from '../kit/page/page-server.ts'
import { faultsOf } from './axe.ts'

/** The traffic and why views, against the interface of a real daemon with real clients. */
describe.skipIf(!hasBrowser)('the traffic and why views', () => {
  const browser = useBrowser()
  let origin: Origin
  let site: string
  let bridge: TestDaemon
  let server: PageServer
  let url: string

  beforeAll(async () => {
    site = tempDir()
    mkdirSync(join(site, 'docs'))
    writeFileSync(join(site, 'docs', 'index.html'), 'hello')
    origin = await startOrigin((req, res) => {
      if (req.url !== '/held') res.writeHead(req.url?.startsWith('/missing') ? 404 : 200).end('hello')
    })
  })
  afterAll(async () => {
    await origin.close()
    rmSync(site, { recursive: true })
  })
  beforeEach(async () => {
    const at = { listen_addr: '127.0.0.1:0' }
    bridge = await startTestDaemon({
      mode: 'Combined',
      admin: { listen_addr: '127.0.0.1:0', token },
      drain_timeout_secs: 0.2,
      workers: {
        reverse_proxy: { ...at, target: `http://${origin.authority}`, max_connections: 3, request_id: {} },
        static_files: { ...at, mounts: [{ path: '/docs', root_dir: join(site, 'docs') }] },
      },
    })
    const workers = [fixtureWorker('reverse_proxy', 'reverse'), fixtureWorker('static_files', 'static')]
    server = new PageServer(fixtureActors(), workers)
    server.further = ({ url: path = '', method = 'GET', headers: { authorization } }) => {
      if (!/^\/api\/(?:requests|explain|connections)/.test(path)) return null
      return bridge.admin(path, method, authorization === undefined ? {} : { headers: { authorization } })
    }
    url = await server.listen()
  })
  afterEach(async () => {
    await browser.closePages()
    server.close()
    await bridge[Symbol.asyncDispose]()
  })

  const client = (worker = 'reverse_proxy') => RawClient.connect(bridge.port(worker))

  test('list a refusal automatically and link it to the chain with its configuration line', async () => {
    using one = await client()
    await one.get('/fine')
    using two = await client()
    await two.get('/missing?key=hush')
    using three = await client()
    three.head('GET /held HTTP/1.1', 'Host: a')
    using four = await client()
    expect((await four.response()).status).toBe(503)
    const { page, complaints } = await browser.newPage()
    await page.goto(`${url}/#/traffic/reverse_proxy`)
    const rows = page.locator('.traffic tbody tr')
    await page.locator('.status', { hasText: '503 OVER_LIMIT' }).waitFor()
    expect(await page.locator('a', { hasText: '/missing?***' }).count()).toBe(1)
    expect(await page.locator('a', { hasText: '/fine' }).count()).toBe(0)
    await rows.filter({ hasText: '/held' }).waitFor()
    expect(await faultsOf(page)).toEqual([])
    await takeScreenshot(page, 'traffic-light')
    await page.locator('a', { hasText: 'no request' }).click()
    const chain = page.locator('.reasons-chain').first()
    await chain.locator('li[data-about="cause"]').waitFor()
    expect(await chain.locator('li[data-about="rule"] .setting').textContent()).toContain(
      'workers.reverse_proxy.resource_limits.max_connections at test.json:1:',
    )
    expect(await page.locator('.request-facts').textContent()).toContain(
      'LR: a limit of the proxy was reached, while the request was read',
    )
    expect(await faultsOf(page)).toEqual([])
    await takeScreenshot(page, 'why-light')
    expect(complaints).toEqual([])
  })

  test('show all exchanges while watching, and filter them', async () => {
    const { page } = await browser.newPage({ look: 'dark' })
    await page.goto(`${url}/#/traffic/reverse_proxy`)
    await page.getByRole('button', { name: 'Watch' }).click()
    await page.locator('.summary', { hasText: 'all exchanges' }).waitFor()
    using one = await client()
    await one.get('/seen')
    await one.get('/missing')
    await page.locator('a', { hasText: '/seen' }).waitFor()
    await page.locator('a', { hasText: '/missing' }).waitFor()
    expect(await faultsOf(page)).toEqual([])
    await takeScreenshot(page, 'traffic-dark')
    await page.getByRole('searchbox').fill('seen')
    expect(await page.locator('.traffic tbody a').count()).toBe(1)
    await page.getByRole('searchbox').fill('')
    await page.getByLabel('Only failed').check()
    await page.locator('a', { hasText: '/seen' }).waitFor({ state: 'detached' })
    expect(await page.locator('a', { hasText: '/missing' }).count()).toBe(1)
  })

  test('close a connection after the token was entered and the action confirmed', async () => {
    using held = await client()
    held.head('GET /held HTTP/1.1', 'Host: a')
    const { page } = await browser.newPage()
    await page.goto(url)
    await page.evaluate((text) => sessionStorage.setItem('bifrost-token', text), token)
    await page.goto(`${url}/#/traffic/reverse_proxy`)
    await page.getByRole('button', { name: 'Close the connection of 127.0.0.1' }).click()
    await page.getByRole('button', { name: 'Close connection' }).click()
    await held.ended()
    await page.locator('.result.done').waitFor()
    await page.getByRole('button', { name: 'Close', exact: true }).click()
    await page.locator('.status', { hasText: 'CLOSED_BY_OPERATOR' }).waitFor()
  })

  test('show a long path completely on a phone without widening the page', async () => {
    const path = `/missing/${'part/'.repeat(60)}`
    using one = await client()
    await one.get(path)
    const { page } = await browser.newPage({ size: 'phone' })
    await page.goto(`${url}/#/traffic/reverse_proxy`)
    await page.locator('a', { hasText: '/missing/part/' }).click()
    await page.locator('.why-answer h2', { hasText: path }).waitFor()
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0)
  })

  test('show a hostile path as text', async () => {
    using one = await client('static_files')
    one.head(`GET /docs/<img/src=x/onerror=alert(1)> HTTP/1.1`, 'Host: a')
    await one.response()
    const { page, complaints } = await browser.newPage()
    await page.goto(`${url}/#/traffic/static_files`)
    await page.locator('a', { hasText: '<img/src=x/onerror=alert(1)>' }).click()
    await page.locator('.reasons-chain li').first().waitFor()
    expect(await page.locator('main img').count()).toBe(0)
    expect(complaints).toEqual([])
  })

  test('explain a request by keyboard alone', async () => {
    const { page } = await browser.newPage({ size: 'phone' })
    await page.goto(`${url}/#/why`)
    await page.getByLabel('Path or URL').fill('/docs/a.txt')
    await page.keyboard.press('Enter')
    await page.locator('.explanation', { hasText: 'static_files' }).waitFor()
    expect(await page.locator('.explanation').count()).toBe(2)
    expect(await page.locator('.explanation', { hasText: 'mounts[0]' }).count()).toBe(1)
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true)
    expect(await faultsOf(page)).toEqual([])
    await takeScreenshot(page, 'explain-phone')
  })
})
