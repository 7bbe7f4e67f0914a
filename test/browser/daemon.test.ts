import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterEach, describe, expect, test } from 'vitest'
import { viewHistory } from '../../src/admin/offline.ts'
import { RawClient } from '../kit/clients/raw-client.ts'
import { startTestDaemon, type TestDaemon } from '../kit/daemons/daemon.ts'
import { tempDir } from '../kit/files/temp-dir.ts'
import { cutOffFrom } from '../kit/origins/cuttable-port.ts'
import { type Origin, startOrigin } from '../kit/origins/origin.ts'
import { hasBrowser, takeScreenshot, useBrowser } from '../kit/page/browser.ts'
import { until } from '../kit/waiting/until.ts'

const token = 'a-token-of-the-tests-0123456789'
const worker = 'reverse_proxy#1/reverse'

const start = (origin: Origin, max = 1) =>
  startTestDaemon(
    {
      mode: 'Combined',
      listen_addr: '127.0.0.1:0',
      admin: { listen_addr: '127.0.0.1:0', token },
      workers: {
        forward_proxy: { port: 0 },
        reverse_proxy: { port: 0, target: `http://${origin.authority}`, max_connections: max },
      },
    },
    { allowFaults: true, samplePeriodMs: 200 },
  )

const pageOf = (running: TestDaemon, view: string, ...parts: readonly string[]) =>
  `http://127.0.0.1:${running.port('admin')}/#/${[view, ...parts].map(encodeURIComponent).join('/')}`

const lit = (page: Page, state: string) => page.locator(`.viewport .state.on[data-state="${state}"]`)

/** Records every state of a chart on the wall that lights up from now on, even for a single frame. */
const noteStates = (page: Page) =>
  page.evaluate(() => {
    const seen: string[] = []
    const last = new Map<string, string>()
    const note = (element: Element) => {
      const actor = element.closest('[data-actor]')?.getAttribute('data-actor')
      const state = element.getAttribute('data-state')
      if (actor === undefined || actor === null || state === null || !element.matches('.state.leaf.on'))
        return
      if (last.get(actor) === state) return
      last.set(actor, state)
      seen.push(`${actor} ${state}`)
    }
    const look = (changes: readonly MutationRecord[]) => {
      for (const { type, target, addedNodes } of changes) {
        if (type === 'attributes') note(target as Element)
        for (const node of addedNodes)
          if (node instanceof Element) for (const one of node.querySelectorAll('.state.leaf.on')) note(one)
      }
    }
    new MutationObserver(look).observe(document.body, {
      subtree: true,
      childList: true,
      attributes: true,
      attributeFilter: ['class'],
    })
    Object.assign(globalThis, { statesSeen: seen })
  })

const statesSeen = (page: Page) =>
  page.evaluate(() => (globalThis as unknown as { statesSeen: readonly string[] }).statesSeen)

describe.skipIf(!hasBrowser)('the page of a real daemon', () => {
  const browser = useBrowser()
  afterEach(() => browser.closePages())

  test('shows accepting -> saturated under overload, and the way back afterwards', async () => {
    await using origin = await startOrigin()
    await using running = await start(origin)
    const { page, complaints } = await browser.newPage()
    await page.goto(pageOf(running, 'charts', worker))
    await lit(page, 'worker.accepting').waitFor()
    const held = await RawClient.connect(running.port('reverse_proxy'))
    await lit(page, 'worker.saturated').waitFor()
    await page.locator('.viewport .edge.fired').waitFor()
    expect(await page.locator('.viewport .label.fired .event').textContent()).toBe('load.high')
    await page.locator('.next-list code', { hasText: 'load.low' }).waitFor()
    await takeScreenshot(page, 'daemon-saturated')
    held[Symbol.dispose]()
    await lit(page, 'worker.accepting').waitFor()
    await page.locator('.details .move', { hasText: 'load.low' }).first().waitFor()
    expect(complaints).toEqual([])
  })

  test('shows each state of a killed worker', async () => {
    await using origin = await startOrigin()
    await using running = await start(origin)
    const { page, complaints } = await browser.newPage()
    await page.goto(pageOf(running, 'charts'))
    await page.locator(`.tile[data-actor="${worker}"] .state.on`).first().waitFor()
    await noteStates(page)
    running.daemon.inject('reverse_proxy', 'throw')
    await page
      .locator('.tile[data-actor="reverse_proxy#2"] .state.on[data-state="instance.running.alive"]')
      .waitFor()
    await page
      .locator(
        '.tile[data-actor="supervisor:reverse_proxy"] .state.on[data-state="supervisor.supervising.steady"]',
      )
      .waitFor()
    const dead = page.locator('.tile[data-actor="reverse_proxy#1"]')
    await dead.locator('.state.on[data-state="instance.crashed"]').waitFor()
    const seen = await statesSeen(page)
    // States within one frame appear together; each of these was shown, and each actor took its path.
    const way = (actor: string) =>
      seen.flatMap((one) => (one.startsWith(`${actor} `) ? [one.split('.').at(-1)] : []))
    expect(way('reverse_proxy#1').slice(-1)).toEqual(['crashed'])
    expect(way('supervisor:reverse_proxy')).toEqual(['restarting', 'steady'])
    expect(way('reverse_proxy#2')).toEqual(['starting', 'alive'])
    await dead.waitFor({ state: 'detached' })
    // The end is kept: the chart of the ended instance shows its final state.
    await page.goto(pageOf(running, 'charts', 'reverse_proxy#1'))
    await lit(page, 'instance.crashed').waitFor()
    expect(complaints).toEqual([])
  })

  test('shows the old state when stepping and scrubbing back; the address restores it', async () => {
    await using origin = await startOrigin()
    await using running = await start(origin)
    const { page } = await browser.newPage()
    await page.goto(pageOf(running, 'history', worker))
    await lit(page, 'worker.accepting').waitFor()
    using _held = await RawClient.connect(running.port('reverse_proxy'))
    await lit(page, 'worker.saturated').waitFor()
    await page.getByRole('button', { name: 'Step back' }).click()
    await lit(page, 'worker.accepting').waitFor()
    expect(await page.locator('.moment .facts').textContent()).toContain('accepting')
    expect(page.url()).toMatch(/\?seq=\d+$/)
    // New moves of the daemon do not change the shown moment.
    expect(running.stateOf(worker)).toBe('saturated')
    const moment = page.url()
    await page.locator('.stepper input').press('End')
    await lit(page, 'worker.saturated').waitFor()
    await page.goto('about:blank')
    await page.goto(moment)
    await lit(page, 'worker.accepting').waitFor()
    await page.getByRole('button', { name: 'Follow live' }).click()
    await lit(page, 'worker.saturated').waitFor()
  })

  test('misses nothing after a reconnect', async () => {
    await using origin = await startOrigin()
    await using running = await start(origin)
    using line = await cutOffFrom(running.port('admin'))
    const { page } = await browser.newPage()
    await page.goto(`http://127.0.0.1:${line.port}/#/history/${encodeURIComponent(worker)}`)
    await lit(page, 'worker.accepting').waitFor()
    line.cut()
    await page.locator('.link-sign[data-link="lost"]').waitFor()
    for (let turn = 0; turn < 5; turn++) {
      const held = await RawClient.connect(running.port('reverse_proxy'))
      await until('it is full', () => running.stateOf(worker) === 'saturated')
      held[Symbol.dispose]()
      await until('it is free', () => running.stateOf(worker) === 'accepting')
    }
    line.mend()
    await page.locator('.link-sign[data-link="live"]').waitFor()
    const { moves } = (await running.admin(`/api/actors/${encodeURIComponent(worker)}/history`)).json<{
      moves: readonly { seq: number }[]
    }>()
    const wanted = moves.map(({ seq }) => seq).reverse()
    expect(wanted.length).toBeGreaterThanOrEqual(11)
    await page.locator(`.move-list [data-seq="${wanted[0]}"]`).waitFor()
    const seen = await page
      .locator('.move-list [data-seq]')
      .evaluateAll((rows) => rows.map((row) => Number(row.getAttribute('data-seq'))))
    expect(seen).toEqual(wanted)
  })

  test('replays an imported export identically, without the daemon', async () => {
    await using origin = await startOrigin()
    const running = await start(origin)
    const { page } = await browser.newPage()
    await page.goto(pageOf(running, 'history', worker))
    const held = await RawClient.connect(running.port('reverse_proxy'))
    await lit(page, 'worker.saturated').waitFor()
    held[Symbol.dispose]()
    await lit(page, 'worker.accepting').waitFor()
    const steps = async () => {
      await page.locator('.stepper input').press('Home')
      const count = await page.locator('.move-list [data-seq]').count()
      const seen: string[] = []
      for (let at = 1; at <= count; at++) {
        await page.locator('.stepper .place', { hasText: `${at} / ${count}` }).waitFor()
        const states = page.locator('.viewport .state.on')
        const ids = await states.evaluateAll((all) => all.map((one) => one.getAttribute('data-state')))
        const fired = await page.locator('.viewport .last .event').allTextContents()
        seen.push(`${await page.locator('.moment .facts').textContent()} ${ids.join(' ')} ${fired.join(' ')}`)
        await page.getByRole('button', { name: 'Step forward' }).click()
      }
      return seen
    }
    const before = await steps()
    expect(before.length).toBeGreaterThanOrEqual(3)
    const saved = page.waitForEvent('download')
    await page.getByRole('button', { name: 'JSON' }).click()
    const path = await (await saved).path()
    await running[Symbol.asyncDispose]()
    await page.locator('.link-sign[data-link="lost"]').waitFor()
    const choosing = page.waitForEvent('filechooser')
    await page.getByRole('button', { name: 'Import' }).click()
    await (await choosing).setFiles(path)
    await page.locator('.banner', { hasText: 'Replay of a file' }).waitFor()
    expect(await steps()).toEqual(before)
  })

  test('shows an export in `bifrost charts view` without a daemon, also after a reload', async () => {
    const folder = tempDir()
    const file = join(folder, 'history.json')
    {
      await using origin = await startOrigin()
      await using running = await start(origin)
      const { page } = await browser.newPage()
      await page.goto(pageOf(running, 'history', worker))
      using _held = await RawClient.connect(running.port('reverse_proxy'))
      await lit(page, 'worker.saturated').waitFor()
      const saved = page.waitForEvent('download')
      await page.getByRole('button', { name: 'JSON' }).click()
      await (await saved).saveAs(file)
    }
    const view = await viewHistory(file)
    await rm(folder, { recursive: true })
    if ('problem' in view) throw new Error(view.problem)
    try {
      const { page, complaints, asked } = await browser.newPage()
      await page.goto(view.url)
      await page.locator('.banner', { hasText: 'Replay of a file' }).waitFor()
      await lit(page, 'worker.accepting').waitFor()
      await page.getByRole('button', { name: 'Latest moment' }).click()
      await lit(page, 'worker.saturated').waitFor()
      await page.reload()
      await lit(page, 'worker.saturated').waitFor()
      expect(asked.filter((one) => !one.startsWith(new URL(view.url).origin))).toEqual([])
      expect(complaints).toEqual([])
    } finally {
      view.close()
    }
  })

  test('saves pictures and text of a chart as self-contained files', async () => {
    await using origin = await startOrigin()
    await using running = await start(origin)
    const { page, complaints } = await browser.newPage()
    await page.goto(pageOf(running, 'history', worker))
    await lit(page, 'worker.accepting').waitFor()
    const textOf = async (name: string) => {
      const saved = page.waitForEvent('download')
      await page.getByRole('button', { name, exact: true }).click()
      const stream = await (await saved).createReadStream()
      return (await stream.toArray()).join('')
    }
    const picture = await textOf('SVG')
    expect(picture).toMatch(/^<svg [^>]*xmlns="http:\/\/www.w3.org\/2000\/svg"/)
    expect(picture).toContain('accepting')
    expect(picture).not.toMatch(/var\(|light-dark|<script|href/)
    expect(await textOf('Mermaid')).toMatch(/^stateDiagram-v2/)
    expect(complaints).toEqual([])
  })

  test('runs an action after token and confirmation, and shows its result and its moves', async () => {
    await using origin = await startOrigin()
    await using running = await start(origin, 10)
    const { page } = await browser.newPage()
    await page.goto(pageOf(running, 'overview'))
    const card = page.locator('.card[data-worker="reverse_proxy"]')
    await card.getByRole('button', { name: 'Recycle' }).click()
    await page.getByRole('textbox', { name: 'Token' }).fill('a-wrong-token-0123456789')
    await page.getByRole('button', { name: 'Keep' }).click()
    const dialog = page.getByRole('dialog', { name: 'Recycle reverse_proxy?' })
    await dialog.getByRole('button', { name: 'Recycle' }).click()
    await page.getByRole('dialog', { name: 'Admin token' }).getByText('token').first().waitFor()
    expect(running.stateOf('reverse_proxy#2')).toBeNull()
    await page.getByRole('textbox', { name: 'Token' }).fill(token)
    await page.getByRole('button', { name: 'Keep' }).click()
    await dialog.getByRole('button', { name: 'Recycle' }).click()
    await dialog.getByText('Done').waitFor()
    await dialog.getByRole('button', { name: 'Close' }).click()
    await page.locator('.actors tr', { hasText: 'reverse_proxy#2/reverse' }).waitFor()

    await card.getByRole('button', { name: 'Limits' }).click()
    await page.getByRole('spinbutton', { name: 'Connections' }).fill('7')
    await page.getByRole('button', { name: 'Change' }).click()
    await page.getByText('Done: max_connections is 7').waitFor()
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click()
    await card.getByText('/ 7').waitFor()
  })
})
