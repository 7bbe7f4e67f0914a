import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { hasBrowser, useBrowser } from '../kit/page/browser.ts'
import { fixtureActor, fixtureActors, fixtureWorker, PageServer } from '../kit/page/page-server.ts'

const worker = 'reverse_proxy#1/reverse'
const high = 'worker.accepting|load.high|0'
const low = 'worker.saturated|load.low|0'

describe.skipIf(!hasBrowser)('the page follows the daemon', () => {
  const browser = useBrowser()
  let server: PageServer
  let url: string
  beforeEach(async () => {
    server = new PageServer(fixtureActors(), [fixtureWorker('reverse_proxy', 'reverse')])
    url = await server.listen()
  })
  afterEach(async () => {
    await browser.closePages()
    server.close()
  })

  const chartOf = async (actor: string) => {
    const watched = await browser.newPage()
    await watched.page.goto(`${url}/#/charts/${encodeURIComponent(actor)}`)
    await watched.page.locator('.viewport .state.on').first().waitFor()
    return watched
  }

  test('a move lights the new state and flashes its arrow', async () => {
    const { page, complaints } = await chartOf(worker)
    server.move(worker, 'load.high', 'saturated', [high])
    await page.locator('.viewport .state.leaf.on[data-state="worker.saturated"]').waitFor()
    await page.locator('.viewport .edge.fired').waitFor()
    expect(await page.locator('.viewport .state.leaf.on').count()).toBe(1)
    expect(await page.locator('.state-pill.large').textContent()).toBe('saturated')
    await page.locator('.viewport .edge.fired').waitFor({ state: 'detached' })
    await page.locator('.viewport .edge.last').waitFor()
    expect(complaints).toEqual([])
  })

  test('an unhandled event is grey in the list and highlights nothing', async () => {
    const { page } = await chartOf(worker)
    server.move(worker, 'load.zero', 'accepting', [], { ignored: true })
    await page.locator('.details .move.ignored').waitFor()
    expect(await page.locator('.viewport .state.leaf.on').getAttribute('data-state')).toBe('worker.accepting')
    expect(await page.locator('.viewport .fired').count()).toBe(0)
    server.move(worker, 'load.high', 'saturated', [high])
    await page.locator('.details [data-seq="2"]').waitFor()
    // Found and read in one call: a list redrawn between two calls has other elements.
    const colourOf = (selector: string) =>
      page.evaluate((wanted) => {
        const element = document.querySelector(wanted)
        return element === null ? null : getComputedStyle(element).color
      }, selector)
    const faint = await colourOf('.details .faint')
    expect(faint).not.toBeNull()
    expect(await colourOf('.details [data-seq="1"] .move-to')).toBe(faint)
    expect(await colourOf('.details [data-seq="2"] .move-to')).not.toBe(faint)
  })

  test('the history can be filtered by words and by ignored events', async () => {
    server.move(worker, 'load.high', 'saturated', [high])
    server.move(worker, 'load.low', 'accepting', [low])
    server.move(worker, 'load.zero', 'accepting', [], { ignored: true })
    server.move('daemon', 'op.stop', 'draining.settling', [])
    const { page } = await browser.newPage()
    await page.goto(`${url}/#/history`)
    const list = page.locator('.move-list [data-seq]')
    const listed = async (...wanted: readonly string[]) => {
      await page.locator('.stepper .place', { hasText: new RegExp(`/ ${wanted.length}$`) }).waitFor()
      expect(await list.evaluateAll((all) => all.map((one) => one.getAttribute('data-seq')))).toEqual(wanted)
    }
    await listed('4', '3', '2', '1')
    await page.getByLabel('ignored events').uncheck()
    await listed('4', '2', '1')
    await page.getByRole('searchbox', { name: 'Filter' }).fill('load SATURATED')
    await listed('2', '1')
    await page.getByRole('searchbox', { name: 'Filter' }).fill('nothing of this')
    await listed()
  })

  test('the history plays from its first to its last moment', async () => {
    for (let turn = 0; turn < 2; turn++) {
      server.move(worker, 'load.high', 'saturated', [high])
      server.move(worker, 'load.low', 'accepting', [low])
    }
    const { page } = await browser.newPage()
    await page.goto(`${url}/#/history/${encodeURIComponent(worker)}`)
    await page.locator('.move-list [data-seq="4"][aria-current]').waitFor()
    await page.evaluate(() => {
      const seen: string[] = []
      const place = document.querySelector('.stepper .place') as HTMLElement
      new MutationObserver(() => seen.push(place.textContent ?? '')).observe(place, {
        childList: true,
        characterData: true,
        subtree: true,
      })
      Object.assign(globalThis, { placesSeen: seen })
    })
    await page.getByRole('button', { name: 'Play' }).click()
    const seen = () =>
      page.evaluate(() => (globalThis as unknown as { placesSeen: readonly string[] }).placesSeen)
    await page.waitForFunction(() =>
      (globalThis as unknown as { placesSeen: readonly string[] }).placesSeen.includes('4 / 4'),
    )
    expect(await seen()).toEqual(['1 / 4', '2 / 4', '3 / 4', '4 / 4'])
  })

  test('an action runs only after it was confirmed', async () => {
    const sent: string[] = []
    server.further = ({ url: path = '', method = 'GET' }) => {
      if (method === 'GET') return null
      sent.push(`${method} ${path}`)
      return Promise.resolve({ status: 202, text: '{}' })
    }
    const { page } = await browser.newPage()
    await page.goto(url)
    await page.evaluate(() => sessionStorage.setItem('bifrost-token', '0123456789abcdef'))
    const ask = async () => {
      await page.getByRole('button', { name: 'Drain' }).first().click()
      const dialog = page.getByRole('dialog')
      await dialog.waitFor()
      return dialog
    }
    await (await ask()).getByRole('button', { name: 'Cancel' }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await ask()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    expect(sent).toEqual([])
    await (await ask()).getByRole('button', { name: 'Drain' }).click()
    await page.locator('.result.done').waitFor()
    expect(sent).toEqual(['POST /api/workers/reverse_proxy/drain'])
  })

  test('a timer counts down in the list and beside its arrow', async () => {
    const due = Date.now() + 60_000
    const event = 'xstate.after.DRAIN_TIMEOUT.worker.draining'
    server.details = () => ({ live: { timers: [{ id: event, event, at: due, ms: 60_000 }], next: [] } })
    const { page } = await chartOf(worker)
    const inList = page.locator('.timers .number')
    await inList.filter({ hasText: /\d/ }).waitFor()
    const before = await inList.textContent()
    await page.waitForFunction(
      (text) => document.querySelector('.timers .number')?.textContent !== text,
      before,
    )
    const inChart = page.locator('.viewport .countdown').filter({ hasText: /\d/ })
    const first = await inChart.textContent()
    await page.waitForFunction(
      (text) =>
        [...document.querySelectorAll('.viewport .countdown')].some(
          ({ textContent }) => /\d/.test(textContent ?? '') && textContent !== text,
        ),
      first,
    )
  })

  test('a viewer reconnects after an interruption and misses nothing', async () => {
    const { page } = await chartOf(worker)
    server.move(worker, 'load.high', 'saturated', [high])
    await page.locator('.viewport .state.on[data-state="worker.saturated"]').waitFor()
    server.breakOff()
    await page.locator('.link-sign[data-link="lost"]').waitFor()
    for (let turn = 0; turn < 5; turn++) {
      server.move(worker, 'load.low', 'accepting', [low])
      server.move(worker, 'load.high', 'saturated', [high])
    }
    await page.locator('.link-sign[data-link="live"]').waitFor()
    await page.locator('.details [data-seq="11"]').waitFor()
    const seen = await page
      .locator('.details [data-seq]')
      .evaluateAll((lines) => lines.map((line) => line.getAttribute('data-seq')))
    expect(seen.map(Number)).toEqual([11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1])
  })

  test('a machine added later appears automatically', async () => {
    const { page } = await browser.newPage()
    await page.goto(url)
    await page.locator('.actors tbody tr').nth(12).waitFor()
    server.arrive(fixtureActor('reverse_proxy#2', 'instance', 'supervisor:reverse_proxy', 'running.starting'))
    const row = page.locator('.actors tr', { hasText: 'reverse_proxy#2' })
    await row.waitFor()
    expect(await row.getAttribute('data-depth')).toBe('2')
  })
})
