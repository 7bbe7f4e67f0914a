import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { hasBrowser, type Size, useBrowser } from '../kit/page/browser.ts'
import { fixtureActors, PageServer } from '../kit/page/page-server.ts'

const actors = [
  'daemon',
  'supervisor:reverse_proxy',
  'reverse_proxy#1',
  'reverse_proxy#1/reverse',
  'listener:reverse_proxy/0/0',
]
const instance = 'reverse_proxy#1'
const leastPx = 11

/** Smallest visible text size in CSS pixels, and smallest size of the boxes around texts. */
const textSizes = (page: Page) =>
  page.evaluate(() => {
    const texts = [...document.querySelectorAll<SVGTextElement>('.viewport text')]
    const sizes = texts.map((text) => {
      const { height } = text.getBBox()
      const seen = text.getBoundingClientRect().height
      return { seen, letters: (Number.parseFloat(getComputedStyle(text).fontSize) * seen) / height }
    })
    return {
      count: texts.length,
      box: Math.min(...sizes.map(({ seen }) => seen)),
      letters: Math.min(...sizes.map(({ letters }) => letters)),
    }
  })

/**
 * How far the innermost lit state extends beyond the window on the drawing, and the distance of its middle
 * from the window's.
 */
const litPlace = (page: Page) =>
  page.evaluate(() => {
    const window = document.querySelector('.viewport')?.getBoundingClientRect()
    const lit = document.querySelector('.viewport .state.leaf.on > .box')?.getBoundingClientRect()
    if (window === undefined || lit === undefined) throw new Error('nothing is lit')
    const out = Math.max(
      window.left - lit.left,
      lit.right - window.right,
      window.top - lit.top,
      lit.bottom - window.bottom,
    )
    return {
      out,
      dx: Math.abs((lit.left + lit.right - window.left - window.right) / 2),
      dy: Math.abs((lit.top + lit.bottom - window.top - window.bottom) / 2),
      width: window.width,
      height: window.height,
    }
  })

/** Sizes of the whole drawing and of the window on it. */
const spans = (page: Page) =>
  page.evaluate(() => {
    const window = document.querySelector('.viewport')?.getBoundingClientRect()
    const boxes = [...document.querySelectorAll('.viewport .box')].map((box) => box.getBoundingClientRect())
    if (window === undefined) throw new Error('there is no window')
    return {
      left: Math.min(...boxes.map(({ left }) => left)) - window.left,
      top: Math.min(...boxes.map(({ top }) => top)) - window.top,
      right: window.right - Math.max(...boxes.map(({ right }) => right)),
      bottom: window.bottom - Math.max(...boxes.map(({ bottom }) => bottom)),
    }
  })

describe.skipIf(!hasBrowser)('the window on a chart', () => {
  const browser = useBrowser()
  let server: PageServer
  let url: string
  beforeAll(async () => {
    server = new PageServer(fixtureActors())
    url = await server.listen()
  })
  afterEach(() => browser.closePages())
  afterAll(() => server.close())

  const diagramOf = async (actor: string, size: Size = 'wide') => {
    const { page } = await browser.newPage({ size, reducedMotion: true })
    await page.goto(`${url}/#/charts/${encodeURIComponent(actor)}`)
    await page.locator('.pane-bar').waitFor()
    if (size === 'phone') await page.getByRole('button', { name: 'Diagram' }).click()
    await page.locator('.viewport .state.leaf.on').first().waitFor()
    return page
  }

  describe.each(['wide', 'tablet', 'phone'] as const)('%s', (size) => {
    test.each(actors)(
      'of %s opens at a readable size with the active states in view; Fit shows all of it',
      async (actor) => {
        const page = await diagramOf(actor, size)
        const { count, box, letters } = await textSizes(page)
        expect(count).toBeGreaterThan(5)
        expect(letters).toBeGreaterThanOrEqual(leastPx - 0.01)
        expect(box).toBeGreaterThanOrEqual(leastPx)
        expect((await litPlace(page)).out).toBeLessThanOrEqual(0)
        await page.getByRole('button', { name: 'Fit the whole chart' }).click()
        for (const space of Object.values(await spans(page))) expect(space).toBeGreaterThanOrEqual(0)
        await page.getByRole('button', { name: '1:1, readable size' }).click()
        expect((await textSizes(page)).letters).toBeGreaterThanOrEqual(leastPx - 0.01)
        expect((await litPlace(page)).out).toBeLessThanOrEqual(0)
      },
    )
  })

  test('centres a state in the middle of a large chart', async () => {
    const page = await diagramOf(instance, 'phone')
    const { dx, dy, width, height } = await litPlace(page)
    expect(dx).toBeLessThan(width / 4)
    expect(dy).toBeLessThan(height / 4)
  })

  const crash = () => server.move(instance, 'thread.exit', 'crashed', ['instance.running|thread.exit|1'])
  const revive = () => server.move(instance, 'thread.ready', 'running.alive', [])
  const leaf = (page: Page, state: string) =>
    page.locator(`.viewport .state.leaf.on[data-state="instance.${state}"]`).waitFor()

  test.each(['wide', 'phone'] as const)('(%s) scrolls to a newly lit state outside it', async (size) => {
    const page = await diagramOf(instance, size)
    crash()
    await leaf(page, 'crashed')
    expect((await litPlace(page)).out).toBeLessThanOrEqual(0)
    revive()
    await leaf(page, 'running.alive')
    expect((await litPlace(page)).out).toBeLessThanOrEqual(0)
  })

  test('stays where the viewer moved it, and follows again from the active state', async () => {
    const page = await diagramOf(instance)
    const box = () => page.locator('.viewport svg').getAttribute('viewBox')
    const start = await box()
    await page.locator('.viewport').hover()
    // The wheel scrolls the drawing while the pointer is inside it.
    await page.mouse.wheel(5_000, 0)
    await page.waitForFunction(
      (before) => document.querySelector('.viewport svg')?.getAttribute('viewBox') !== before,
      start,
    )
    expect((await litPlace(page)).out).toBeGreaterThan(0)
    const elsewhere = await box()
    server.move(instance, 'thread.stuck', 'running.stuck', [])
    await leaf(page, 'running.stuck')
    expect(await box()).toBe(elsewhere)
    await page.locator('.viewport').press('1')
    expect((await litPlace(page)).out).toBeLessThanOrEqual(0)
    crash()
    await leaf(page, 'crashed')
    expect((await litPlace(page)).out).toBeLessThanOrEqual(0)
    revive()
  })
})
