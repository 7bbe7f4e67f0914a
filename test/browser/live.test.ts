import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { hasBrowser, useBrowser } from '../kit/browser.ts'
import { fixtureActor, fixtureActors, fixtureWorker, PageServer } from '../kit/page-server.ts'

const worker = 'reverse_proxy#1/reverse'
const high = 'worker.accepting|load.high|0'
const low = 'worker.saturated|load.low|0'

describe.skipIf(!hasBrowser)('the page follows what happens', () => {
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

  it('a move lights the new state, and the arrow that fired flashes', async () => {
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

  it('an event that nobody handled is grey in the list, and lights nothing', async () => {
    const { page } = await chartOf(worker)
    server.move(worker, 'load.zero', 'accepting', [], { ignored: true })
    await page.locator('.details .move.ignored').waitFor()
    expect(await page.locator('.viewport .state.leaf.on').getAttribute('data-state')).toBe('worker.accepting')
    expect(await page.locator('.viewport .fired').count()).toBe(0)
  })

  it('a timer counts down in the list and beside its arrow', async () => {
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
    await page.locator('.viewport .countdown').filter({ hasText: /\d/ }).waitFor()
  })

  it('a viewer that is cut off comes back and has missed nothing', async () => {
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

  it('a machine that is added later shows up by itself', async () => {
    const { page } = await browser.newPage()
    await page.goto(url)
    await page.locator('.actors tbody tr').nth(12).waitFor()
    server.arrive(fixtureActor('reverse_proxy#2', 'instance', 'supervisor:reverse_proxy', 'running.starting'))
    const row = page.locator('.actors tr', { hasText: 'reverse_proxy#2' })
    await row.waitFor()
    expect(await row.getAttribute('data-depth')).toBe('2')
  })
})
