import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { hasBrowser, useBrowser } from '../kit/page/browser.ts'
import { fixtureActors, fixtureWorker, PageServer } from '../kit/page/page-server.ts'

/**
 * The page, its style sheets, its icon and its modules are 56 files, each loaded once. There is no bundle:
 * sources are served as written.
 */
const maxFiles = 58
const settled = '.link-sign[data-link="live"]'

describe.skipIf(!hasBrowser)('the first load', () => {
  const browser = useBrowser()
  let server: PageServer
  let url: string
  beforeAll(async () => {
    const live = {
      timers: [],
      next: [{ event: 'load.high', edge: 'worker.accepting|load.high|0', guard: null, targets: [] }],
    }
    server = new PageServer(fixtureActors(), [fixtureWorker('reverse_proxy', 'reverse')])
    server.details = () => ({ live })
    url = await server.listen()
  })
  afterEach(() => browser.closePages())
  afterAll(() => server.close())

  const actor = 'reverse_proxy#1/reverse'
  const of = `/api/actors/${encodeURIComponent(actor)}`
  test.each([
    ['overview', '.actors tbody tr:nth-child(13)', ['/api/events']],
    [
      'charts',
      '.tile:nth-child(13) .state.on',
      [
        '/api/events',
        ...['daemon', 'instance', 'listener', 'supervisor', 'worker'].map((name) => `/api/charts/${name}`),
      ],
    ],
    [
      `charts/${encodeURIComponent(actor)}`,
      '.viewport .edge.next',
      ['/api/events', '/api/charts/worker', of, `${of}/history`],
    ],
    ['why', '.explain', ['/api/events']],
  ])('of %s requests each file and each resource once', async (view, ready, wanted) => {
    const { page, asked } = await browser.newPage()
    await page.goto(`${url}/#/${view}`)
    await page.locator(settled).waitFor()
    await page.locator(ready).first().waitFor()
    // Every other request to the interface has been made by now.
    await page.waitForLoadState('load')
    const paths = asked.map((address) => address.slice(url.length).replace(/#.*$/, ''))
    const files = paths.filter((path) => !path.startsWith('/api/'))
    expect(new Set(files).size).toBe(files.length)
    expect(files.length).toBeLessThanOrEqual(maxFiles)
    expect(paths.filter((path) => path.startsWith('/api/')).toSorted()).toEqual(wanted.toSorted())
  })
})
