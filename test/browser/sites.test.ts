import { rmSync, writeFileSync } from 'node:fs'
import type { Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { startTestDaemon } from '../kit/daemons/daemon.ts'
import { tempDir } from '../kit/files/temp-dir.ts'
import { startOrigin } from '../kit/origins/origin.ts'
import { hasBrowser, useBrowser } from '../kit/page/browser.ts'
import { selfSigned } from '../kit/tls/self-signed.ts'

const html = (body: string) => `<!doctype html><html lang="en"><title>t</title><body>${body}</body></html>`

/** One second of video, recorded by the browser itself. */
const recorded = (page: Page): Promise<string> =>
  page.evaluate(async () => {
    const canvas = document.createElement('canvas')
    canvas.width = canvas.height = 64
    const context = canvas.getContext('2d') as CanvasRenderingContext2D
    const recorder = new MediaRecorder(canvas.captureStream(25), { mimeType: 'video/webm' })
    const pieces: Blob[] = []
    const ended = new Promise((resolve) => recorder.addEventListener('stop', resolve))
    recorder.addEventListener('dataavailable', ({ data }) => pieces.push(data))
    recorder.start()
    for (let frame = 0; frame < 25; frame++) {
      context.fillStyle = `hsl(${frame * 14} 80% 50%)`
      context.fillRect(0, 0, 64, 64)
      await new Promise((resolve) => setTimeout(resolve, 40))
    }
    recorder.stop()
    await ended
    const bytes = new Uint8Array(await new Blob(pieces).arrayBuffer())
    return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
  })

/** Silent audio for seeking, minutes long: 8 kHz, 8 bit, mono. */
function silence(seconds: number): Buffer {
  const head = Buffer.alloc(44)
  const size = seconds * 8000
  head.write('RIFF', 0)
  head.writeUInt32LE(36 + size, 4)
  head.write('WAVEfmt ', 8)
  head.writeUInt32LE(16, 16)
  head.writeUInt16LE(1, 20)
  head.writeUInt16LE(1, 22)
  head.writeUInt32LE(8000, 24)
  head.writeUInt32LE(8000, 28)
  head.writeUInt16LE(1, 32)
  head.writeUInt16LE(8, 34)
  head.write('data', 36)
  head.writeUInt32LE(size, 40)
  return Buffer.concat([head, Buffer.alloc(size, 128)])
}

describe.skipIf(!hasBrowser)('a browser', () => {
  const browser = useBrowser()
  let folder: string
  beforeEach(() => {
    folder = tempDir()
  })
  afterEach(async () => {
    await browser.closePages()
    rmSync(folder, { recursive: true })
  })

  test('loads pages through the forward proxy, in plain text and through a tunnel', async () => {
    await using origin = await startOrigin((_, res) => res.end(html('<p>plain page</p>')))
    const { cert, key } = selfSigned
    const secret = createTlsServer({ cert, key }, (_, res) => res.end(html('<p>secret page</p>')))
    await new Promise<void>((resolve) => secret.listen(0, '127.0.0.1', resolve))
    try {
      await using running = await startTestDaemon({
        mode: 'Forward',
        listen_addr: '127.0.0.1:0',
        workers: { forward_proxy: {} },
      })
      const proxy = `http://127.0.0.1:${running.port('forward_proxy')}`
      const { page } = await browser.newPage({ proxy, trustsAll: true })
      await page.goto(`http://${origin.authority}/plain`)
      expect(await page.locator('p').textContent()).toBe('plain page')
      expect(origin.last.get('via')).toContain('1.1')
      await page.goto(`https://127.0.0.1:${(secret.address() as AddressInfo).port}/`)
      expect(await page.locator('p').textContent()).toBe('secret page')
      expect(running.daemon.overview.counters('forward_proxy')?.requestsTotal).toBeGreaterThanOrEqual(2)
    } finally {
      secret.close()
      secret.closeAllConnections()
    }
  })

  test('opens a deep link of a single-page site, and plays and seeks in its media by ranges', async () => {
    const { page } = await browser.newPage()
    writeFileSync(join(folder, 'clip.webm'), Buffer.from(await recorded(page), 'base64'))
    writeFileSync(join(folder, 'tone.wav'), silence(1200))
    writeFileSync(
      join(folder, 'index.html'),
      html(
        '<p id="where"></p><video id="clip" src="/clip.webm" muted preload="auto"></video><video id="long" src="/tone.wav" muted preload="metadata"></video><script src="/app.js"></script>',
      ),
    )
    writeFileSync(join(folder, 'app.js'), "document.getElementById('where').textContent = location.pathname")
    await using running = await startTestDaemon({
      mode: 'Static',
      listen_addr: '127.0.0.1:0',
      workers: { static_files: { mounts: [{ path: '/', root_dir: folder, spa_mode: true }] } },
    })
    const parts: { readonly path: string; readonly status: number; readonly range: string }[] = []
    page.on('response', (response) => {
      const { pathname } = new URL(response.url())
      parts.push({
        path: pathname,
        status: response.status(),
        range: response.headers()['content-range'] ?? '',
      })
    })
    await page.goto(`http://127.0.0.1:${running.port('static_files')}/orders/12/edit`)
    expect(await page.locator('#where').textContent()).toBe('/orders/12/edit')
    await page.locator('#clip').evaluate((clip: HTMLVideoElement) => clip.play())
    await page.waitForFunction(() => (document.getElementById('clip') as HTMLVideoElement).currentTime > 0)
    expect(parts.filter(({ path }) => path === '/clip.webm').map(({ status }) => status)).toContain(206)
    await page.waitForFunction(() => (document.getElementById('long') as HTMLVideoElement).readyState >= 1)
    const at = await page.locator('#long').evaluate(async (long: HTMLVideoElement) => {
      const there = new Promise((resolve) => long.addEventListener('seeked', resolve, { once: true }))
      long.currentTime = 1000
      await there
      return long.currentTime
    })
    expect(at).toBeCloseTo(1000)
    const offsets = parts
      .filter(({ path }) => path === '/tone.wav')
      .map(({ range }) => Number(/^bytes (\d+)-/.exec(range)?.[1]))
    expect(Math.max(...offsets)).toBeGreaterThan(1_000_000)
  })

  test('uses a WebSocket through the reverse proxy', async () => {
    await using origin = await startOrigin((req, res) => {
      res.setHeader('Content-Type', req.url === '/chat.js' ? 'text/javascript' : 'text/html')
      res.end(
        req.url === '/chat.js'
          ? `const said = document.getElementById('said')
const socket = new WebSocket('ws://' + location.host + '/chat')
socket.onopen = () => socket.send('hello')
socket.onmessage = ({ data }) => { said.textContent += data; if (said.textContent.length < 30) socket.send('again') }`
          : html('<p id="said"></p><script src="/chat.js"></script>'),
      )
    })
    const sockets = new WebSocketServer({ server: origin.server as Server, path: '/chat' })
    sockets.on('connection', (socket) => socket.on('message', (text) => socket.send(`[${text}]`)))
    await using running = await startTestDaemon({
      mode: 'Reverse',
      listen_addr: '127.0.0.1:0',
      workers: { reverse_proxy: { target: `http://${origin.authority}` } },
    })
    const { page, complaints } = await browser.newPage()
    await page.goto(`http://127.0.0.1:${running.port('reverse_proxy')}/`)
    await page.locator('#said', { hasText: '[hello][again][again]' }).waitFor()
    expect(complaints).toEqual([])
    sockets.close()
  })
})
