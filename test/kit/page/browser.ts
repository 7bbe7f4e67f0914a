/** The browser of page tests, and the screenshots it takes. */
import { accessSync, constants } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll } from 'vitest'

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const executable = [process.env['BIFROST_CHROMIUM'] ?? '', ...places].find((path) => {
  try {
    accessSync(path, constants.X_OK)
    return path !== ''
  } catch {
    return false
  }
})

/** False if no browser is installed; the tests that need one are then reported as skipped. */
export const hasBrowser = executable !== undefined

const root = join(import.meta.dirname, '../../..')
const shots = process.env['BIFROST_SCREENSHOTS'] ?? join(root, 'test-results')

export type Look = 'light' | 'dark'
const sizes = {
  wide: { width: 1440, height: 900 },
  tablet: { width: 820, height: 1180 },
  phone: { width: 390, height: 844 },
} as const
export type Size = keyof typeof sizes

/** One browser for all tests of a file; each test has its own storage. */
export function useBrowser() {
  let browser: Browser | null = null
  const open = new Set<BrowserContext>()
  beforeAll(async () => {
    if (executable === undefined) return
    const args = process.getuid?.() === 0 ? ['--no-sandbox'] : []
    browser = await chromium.launch({ executablePath: executable, args })
  })
  afterAll(async () => {
    await browser?.close()
  })

  const newPage = async (
    options: {
      readonly look?: Look
      readonly size?: Size
      readonly proxy?: string
      /** Accepts every certificate. */
      readonly trustsAll?: boolean
      readonly reducedMotion?: boolean
    } = {},
  ): Promise<Watched> => {
    if (browser === null) throw new Error('there is no browser')
    const context = await browser.newContext({
      viewport: sizes[options.size ?? 'wide'],
      colorScheme: options.look ?? 'light',
      ignoreHTTPSErrors: options.trustsAll ?? false,
      reducedMotion: options.reducedMotion ? 'reduce' : 'no-preference',
      ...(options.proxy === undefined ? {} : { proxy: { server: options.proxy } }),
    })
    open.add(context)
    const page = await context.newPage()
    // Generous, because a slow machine is not a failure.
    page.setDefaultTimeout(30_000)
    const complaints: string[] = []
    const asked: string[] = []
    page.on('pageerror', (error) => complaints.push(error.stack ?? String(error)))
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
    })
    page.on('request', (request) => asked.push(request.url()))
    return { page, complaints, asked }
  }

  const closePages = async () => {
    await Promise.all([...open].map((context) => context.close()))
    open.clear()
  }
  return { newPage, closePages }
}

export interface Watched {
  readonly page: Page
  /** Errors and warnings of the page, including violations of its content security policy. */
  readonly complaints: readonly string[]
  /** Every requested address. */
  readonly asked: readonly string[]
}

/** Writes a screenshot for a human to look at. */
export async function takeScreenshot(page: Page, name: string): Promise<void> {
  await mkdir(shots, { recursive: true })
  await page.screenshot({ path: join(shots, `${name}.png`), animations: 'disabled' })
}
