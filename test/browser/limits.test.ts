import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { hasBrowser, useBrowser } from '../kit/page/browser.ts'
import { fixtureActor, fixtureActors, fixtureWorker, PageServer } from '../kit/page/page-server.ts'

const hostile = `<img src="/x" onerror="document.title='caught'"><script>document.title='caught'</script>"'&lt;`

describe.skipIf(!hasBrowser)('the page under hostile or large input', () => {
  const browser = useBrowser()
  let server: PageServer
  afterEach(async () => {
    await browser.closePages()
    server.close()
  })
  beforeEach(() => {
    server = new PageServer(fixtureActors(), [fixtureWorker('reverse_proxy', 'reverse')])
  })

  test('shows hostile input from any source as text', async () => {
    const id = `w#1/${hostile}`
    const actor = fixtureActor(id, 'worker', null, 'accepting')
    server.actors.set(id, { ...actor, cause: hostile })
    server.workers.push(fixtureWorker(hostile, 'static', { health: 'Critical', reasons: [hostile] }))
    server.details = () => ({
      context: { [hostile]: hostile },
      live: {
        timers: [{ id: 'x', event: hostile, at: Date.now() + 60_000, ms: 60_000 }],
        next: [{ event: hostile, edge: hostile, guard: hostile, targets: [hostile] }],
      },
    })
    server.move(id, hostile, hostile, [hostile], { sender: hostile, diff: { [hostile]: [hostile, hostile] } })
    const url = await server.listen()
    const { page, complaints, asked } = await browser.newPage()
    const part = encodeURIComponent(id)
    for (const [address, place] of [
      ['#/overview', '.reasons'],
      ['#/charts', '.tile strong'],
      [`#/charts/${part}`, '.next-list'],
      [`#/history/${part}`, '.facts'],
    ] as const) {
      await page.goto(`${url}/${address}`)
      await page.locator(place, { hasText: '<img src="/x"' }).first().waitFor()
      expect(await page.locator('main img, main script').count()).toBe(0)
      expect(await page.title()).not.toBe('caught')
    }
    expect(asked.filter((one) => one.endsWith('/x'))).toEqual([])
    expect(complaints).toEqual([])
  })

  test('shows the moves of a file whose numbers collide with others, at any actor depth', async () => {
    server.move('daemon', 'op.stop', 'draining.settling', ['daemon.running|op.stop|0'])
    const url = await server.listen()
    const { page, complaints } = await browser.newPage()
    await page.goto(`${url}/#/history`)
    const row = page.locator('.move-list [data-seq="1"]')
    await row.filter({ hasText: 'op.stop' }).waitFor()
    const file = {
      format: 'bifrost-history',
      version: 1,
      exported: 1,
      actors: Array.from({ length: 20_000 }, (_, at) =>
        fixtureActor(`a${at}`, 'worker', at === 0 ? null : `a${at - 1}`, 'accepting'),
      ),
      moves: [{ ...server.moves[0], actor: 'a0', event: 'of.another.daemon' }],
    }
    const choosing = page.waitForEvent('filechooser')
    await page.getByRole('button', { name: 'Import' }).click()
    await (await choosing).setFiles({
      name: 'other.json',
      mimeType: 'application/json',
      buffer: Buffer.from(JSON.stringify(file)),
    })
    await page.locator('.banner', { hasText: '1 moves of 20000 actors' }).waitFor()
    await page
      .locator('.move-list .move[aria-current]', { hasText: 'of.another.daemon' })
      .waitFor({ timeout: 5_000 })
    await page.getByRole('button', { name: 'Back to the daemon' }).click()
    await row.filter({ hasText: 'op.stop' }).waitFor({ timeout: 5_000 })
    expect(complaints).toEqual([])
  })

  test('shows every actor of a file with cyclic or missing parents', async () => {
    const parents = {
      top: null,
      below: 'top',
      orphan: 'nobody',
      self: 'self',
      a: 'c',
      b: 'a',
      c: 'b',
      ofB: 'b',
    }
    const ids = Object.keys(parents)
    const file = {
      format: 'bifrost-history',
      version: 1,
      exported: 1,
      actors: Object.entries(parents).map(([id, parent]) => fixtureActor(id, 'worker', parent, 'accepting')),
      moves: ids.map((actor, seq) => ({
        seq,
        at: 1_700_000_000_000,
        actor,
        chart: 'worker',
        event: 'load.low',
        sender: null,
        from: 'saturated',
        to: 'accepting',
        edges: [],
        ignored: false,
        diff: null,
        skipped: 0,
      })),
    }
    const url = await server.listen()
    const { page, complaints } = await browser.newPage()
    await page.goto(`${url}/#/history`)
    const choosing = page.waitForEvent('filechooser')
    await page.getByRole('button', { name: 'Import' }).click()
    await (await choosing).setFiles({
      name: 'circle.json',
      mimeType: 'application/json',
      buffer: Buffer.from(JSON.stringify(file)),
    })
    await page.locator('.banner', { hasText: `${ids.length} moves of ${ids.length} actors` }).waitFor()
    const picker = page.getByRole('combobox', { name: 'Actor' })
    const shown = await picker
      .locator('option')
      .evaluateAll((options) => options.map((option) => (option as HTMLOptionElement).value))
    expect(shown.toSorted()).toEqual(['', ...ids].toSorted())
    await picker.selectOption('b')
    await page.locator('.move-list .move[aria-current]', { hasText: 'load.low' }).waitFor()
    expect(complaints).toEqual([])
  })

  test('closes a dialog with its view', async () => {
    const url = await server.listen()
    const { page } = await browser.newPage()
    await page.goto(`${url}/#/overview`)
    await page.evaluate(() => sessionStorage.setItem('bifrost-token', '0123456789abcdef'))
    await page.goto(`${url}/#/charts`)
    await page.goto(`${url}/#/overview`)
    await page.getByRole('button', { name: 'Drain' }).first().click()
    await page.getByRole('dialog').waitFor()
    await page.goBack()
    await page.getByRole('dialog').waitFor({ state: 'detached', timeout: 5_000 })
  })

  test('shows an error instead of loading for the chart of an unknown actor', async () => {
    const url = await server.listen()
    const { page } = await browser.newPage()
    await page.goto(`${url}/#/charts/gone%231`)
    await page.locator('.panes', { hasText: 'There is no actor with this name' }).waitFor({ timeout: 5_000 })
  })

  test('refuses a file that is not a history with the reason, and keeps the view', async () => {
    server.move('daemon', 'op.stop', 'draining.settling', ['daemon.running|op.stop|0'])
    const url = await server.listen()
    const { page } = await browser.newPage()
    await page.goto(`${url}/#/history`)
    await page.locator('.move-list [data-seq="1"]').waitFor()
    const choosing = page.waitForEvent('filechooser')
    await page.getByRole('button', { name: 'Import' }).click()
    await (await choosing).setFiles({
      name: 'odd.json',
      mimeType: 'application/json',
      buffer: Buffer.from('{}'),
    })
    await page.getByText('odd.json cannot be replayed: it is not an exported history').waitFor()
    expect(await page.locator('.move-list [data-seq="1"]').count()).toBe(1)
  })

  test('keeps 24 charts smooth under 40 moves a second', async () => {
    for (let at = 0; at < 11; at++) {
      const id = `more#${at}`
      server.actors.set(
        id,
        fixtureActor(id, at % 2 ? 'instance' : 'worker', 'daemon', at % 2 ? 'running.alive' : 'accepting'),
      )
    }
    const url = await server.listen()
    const { page } = await browser.newPage()
    await page.goto(`${url}/#/charts`)
    await page.locator('.tile:nth-child(24) .state.leaf.on').waitFor()
    const measuring = page.evaluate(
      () =>
        new Promise<readonly number[]>((resolve) => {
          const gaps: number[] = []
          let before = performance.now()
          const frame = (now: number) => {
            gaps.push(now - before)
            before = now
            if (gaps.length < 240) requestAnimationFrame(frame)
            else resolve(gaps.slice(1))
          }
          requestAnimationFrame(frame)
        }),
    )
    let turn = 0
    const moving = setInterval(() => {
      const actor = `more#${(turn % 6) * 2}`
      const isFull = server.actors.get(actor)?.state === 'saturated'
      if (isFull) server.move(actor, 'load.low', 'accepting', ['worker.saturated|load.low|0'])
      else server.move(actor, 'load.high', 'saturated', ['worker.accepting|load.high|0'])
      turn += 1
    }, 25)
    const gaps = (await measuring).toSorted((one, other) => one - other)
    clearInterval(moving)
    const at = (share: number) => gaps[Math.floor(gaps.length * share)] ?? 0
    process.stdout.write(
      `24 charts, ${turn} moves: frames ${at(0.5).toFixed(1)} ms, p95 ${at(0.95).toFixed(1)} ms, p99 ${at(0.99).toFixed(1)} ms\n`,
    )
    expect(turn).toBeGreaterThan(20)
    // The goal is 60 frames a second; a two-core machine that also runs other tests must reach 12.
    expect(at(0.5)).toBeLessThan(80)
    expect(at(0.95)).toBeLessThan(250)
  })
})
