import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { hasBrowser, type Look, type Size, takeScreenshot, useBrowser } from '../kit/page/browser.ts'
import { fixtureActors, fixtureWorker, PageServer } from '../kit/page/page-server.ts'
import { faultsOf } from './axe.ts'

const worker = 'reverse_proxy#1/reverse'
/** Elements whose text is wider than they are, or that extend beyond the window. */
function cutOff(page: Page): Promise<readonly string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>('main *, header *')]
      .filter((element) => element.checkVisibility() && !element.closest('.visually-hidden, .brand'))
      .filter((element) => {
        const box = element.getBoundingClientRect()
        if (
          box.width === 0 ||
          element.closest('.viewport, .chart, .move-list, .moves, .chart-text, .details, .scrolls, #tabs')
        )
          return false
        const isText = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent?.trim())
        const isCut =
          isText &&
          element.scrollWidth > element.clientWidth + 1 &&
          getComputedStyle(element).display !== 'inline'
        // Text wrapped to one letter per line is as bad.
        const isSquashed =
          isText && box.height > box.width * 2 && (element.textContent?.trim().length ?? 0) > 6
        return isCut || isSquashed || box.right > innerWidth + 1
      })
      .map((element) => element.outerHTML.slice(0, 160)),
  )
}

const views: readonly (readonly [name: string, address: string, ready: string])[] = [
  ['overview', '#/overview', '.actors tbody tr:nth-child(13)'],
  ['charts', '#/charts', '.tile:nth-child(13) .state.on'],
  ['worker', `#/charts/${encodeURIComponent(worker)}`, '.state.on, .state-item.on'],
  ['instance', '#/charts/reverse_proxy%231', '.state.on, .state-item.on'],
  ['supervisor', '#/charts/supervisor%3Areverse_proxy', '.state.on, .state-item.on'],
  ['listener', '#/charts/listener%3Areverse_proxy%2F0%2F0', '.state.on, .state-item.on'],
  ['daemon', '#/charts/daemon', '.state.on, .state-item.on'],
  ['history', '#/history', '.move-list .move[aria-current]'],
  ['moment', `#/history/${encodeURIComponent(worker)}?seq=1`, '.move-list .move[data-seq="1"][aria-current]'],
]

const looks: readonly (readonly [Look, Size])[] = [
  ['light', 'wide'],
  ['dark', 'wide'],
  ['light', 'phone'],
  ['dark', 'phone'],
  ['light', 'tablet'],
  ['dark', 'tablet'],
]

describe.skipIf(!hasBrowser)('each view', () => {
  const browser = useBrowser()
  let server: PageServer
  let url: string
  beforeAll(async () => {
    server = new PageServer(fixtureActors(), [
      fixtureWorker('forward_proxy', 'forward'),
      fixtureWorker('reverse_proxy', 'reverse', {
        health: 'Warning',
        reasons: ['connections at 83 % of max_connections'],
        use: { connections: 830, memory_bytes: 200_000_000, cpu_percent: 44, loop_utilization: 0.5 },
        error_rate: 0.031,
        restarts: 1,
      }),
      fixtureWorker('static_files', 'static', { requests_per_sec: 0, p50_ms: null, p99_ms: null }),
    ])
    server.move(worker, 'load.high', 'saturated', ['worker.accepting|load.high|0'], {
      sender: 'supervisor:reverse_proxy',
      diff: { mode: ['admit', 'refuse'], connections: [999, 1000] },
    })
    server.move(worker, 'load.low', 'accepting', ['worker.saturated|load.low|0'])
    server.move(worker, 'load.zero', 'accepting', [], { ignored: true })
    server.details = (id) => ({
      context: { worker: 'reverse_proxy', max_connections: 1000, mode: 'admit' },
      live: {
        timers:
          id === worker
            ? [
                {
                  id: 'x',
                  event: 'xstate.after.DRAIN_TIMEOUT.worker.draining',
                  at: Date.now() + 25_000,
                  ms: 30_000,
                },
              ]
            : [],
        next:
          id === worker
            ? [
                {
                  event: 'load.high',
                  edge: 'worker.accepting|load.high|0',
                  guard: null,
                  targets: ['worker.saturated'],
                },
              ]
            : [],
      },
    })
    url = await server.listen()
  })
  afterEach(() => browser.closePages())
  afterAll(() => server.close())

  describe.each(looks)('%s, %s', (look, size) => {
    test.each(views)(
      '%s passes axe-core, clips no text, and makes no request to another host',
      async (name, address, ready) => {
        const { page, complaints, asked } = await browser.newPage({ look, size, reducedMotion: true })
        await page.goto(`${url}/${address}`)
        await page.locator(ready).filter({ visible: true }).first().waitFor()
        for (let second = 0; second < 40 && name === 'overview'; second++) server.sample()
        await page.locator('.link-sign[data-link="live"]').waitFor()
        await page.evaluate(
          () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
        )
        await takeScreenshot(page, `${name}-${look}-${size}`)
        expect(await faultsOf(page)).toEqual([])
        expect(await cutOff(page)).toEqual([])
        expect(asked.filter((address) => !address.startsWith(`${url}/`))).toEqual([])
        expect(complaints).toEqual([])
      },
    )

    test('the dialogs pass axe-core', async () => {
      const { page, complaints } = await browser.newPage({ look, size, reducedMotion: true })
      await page.goto(url)
      await page.getByRole('button', { name: 'Limits' }).first().click()
      await page.getByRole('dialog', { name: 'Admin token' }).waitFor()
      await takeScreenshot(page, `token-${look}-${size}`)
      expect(await faultsOf(page)).toEqual([])
      await page.getByRole('textbox', { name: 'Token' }).fill('0123456789abcdef')
      await page.keyboard.press('Enter')
      await page.getByRole('dialog', { name: 'Limits of forward_proxy' }).waitFor()
      await takeScreenshot(page, `limits-${look}-${size}`)
      expect(await faultsOf(page)).toEqual([])
      expect(await cutOff(page)).toEqual([])
      await page.keyboard.press('Escape')
      await page.getByRole('dialog').waitFor({ state: 'detached' })
      expect(complaints).toEqual([])
    })
  })

  test('reaches every control by keyboard, in visual order', async () => {
    const { page } = await browser.newPage()
    await page.goto(`${url}/#/charts/${encodeURIComponent(worker)}`)
    await page.locator('.viewport .state.on').first().waitFor()
    const focused = () =>
      page.evaluate(
        () => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent,
      )
    const way: (string | null | undefined)[] = []
    for (let step = 0; step < 16; step++) {
      await page.keyboard.press('Tab')
      way.push((await focused())?.replace(/[.;].*/s, '').trim())
    }
    expect(way).toEqual(
      [
        'Skip to the content',
        'Bifrost Bridge',
        ...(await page.locator('#tabs a').allTextContents()),
        'Read only',
        'Colours',
        'All charts',
        'Actor',
        'History',
        'Diagram',
        'Text',
        'Zoom out',
        'Zoom in',
        '1:1, readable size',
        'Fit the whole chart',
        'Diagram',
      ].slice(0, 16),
    )
    await page.locator('.viewport').focus()
    const box = () => page.locator('.viewport svg').getAttribute('viewBox')
    const before = await box()
    await page.keyboard.press('+')
    const zoomed = await box()
    expect(zoomed).not.toBe(before)
    await page.keyboard.press('ArrowRight')
    expect(await box()).not.toBe(zoomed)
    await page.keyboard.press('0')
    expect(await box()).toBe(before)
  })

  test('keeps the colour scheme that the viewer has chosen', async () => {
    const { page } = await browser.newPage({ look: 'light' })
    await page.goto(url)
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
    const light = await ground()
    await page.getByRole('combobox', { name: 'Colours' }).selectOption('dark')
    const dark = await ground()
    expect(dark).not.toBe(light)
    await page.reload()
    expect(await ground()).toBe(dark)
  })
})
