import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ask, createSite, serve, staticSettings } from './site.ts'

test('a directory answers with its index file', async () => {
  await using site = createSite({ 'index.html': 'home', 'docs/index.html': 'docs' })
  await using served = await serve(staticSettings({ rootDir: site.root }))
  expect((await ask(served, '/')).body).toBe('home')
  expect((await ask(served, '/docs/')).body).toBe('docs')
})

test('index files are tried in the configured order', async () => {
  await using site = createSite({ 'a/index.htm': 'second', 'b/index.htm': 'second', 'b/main.html': 'first' })
  const indexFiles = ['main.html', 'index.htm']
  await using served = await serve(staticSettings({ rootDir: site.root, indexFiles }))
  expect((await ask(served, '/a/')).body).toBe('second')
  expect((await ask(served, '/b/')).body).toBe('first')
})

test('a directory without an index file is answered 404 and not listed (W04)', async () => {
  await using site = createSite({ 'docs/private-name.txt': 'x' })
  await using served = await serve(staticSettings({ rootDir: site.root }))
  const answer = await ask(served, '/docs/')
  expect(answer.status).toBe(404)
  expect(answer.raw).not.toContain('private-name')
})

test('a directory with the name of an index file is skipped', async () => {
  await using site = createSite({ 'index.htm': 'file' })
  mkdirSync(join(site.root, 'index.html'))
  await using served = await serve(
    staticSettings({ rootDir: site.root, indexFiles: ['index.html', 'index.htm'] }),
  )
  expect((await ask(served, '/')).body).toBe('file')
})

test.each([
  ['/docs', '/docs/'],
  ['/docs?x=1&y=//evil.test', '/docs/?x=1&y=//evil.test'],
  ['/caf%C3%A9', '/caf%C3%A9/'],
  ['/@evil.test', '/@evil.test/'],
])('%s, a directory, is redirected to %s', async (target, location) => {
  await using site = createSite({
    'docs/index.html': 'docs',
    'café/index.html': 'x',
    '@evil.test/index.html': 'x',
  })
  await using served = await serve(staticSettings({ rootDir: site.root }))
  const answer = await ask(served, target)
  expect([answer.status, answer.headers['location']]).toEqual([301, location])
})

test.each(['//evil.test/..', '//evil.test', '/%2fevil.test', '/\\evil.test', '/%5cevil.test', '//docs'])(
  '%s is not redirected to another host (open redirect)',
  async (target) => {
    await using site = createSite({ 'docs/index.html': 'docs', 'evil.test/index.html': 'x' })
    await using served = await serve(staticSettings({ rootDir: site.root }))
    const answer = await ask(served, target)
    expect([400, 404]).toContain(answer.status)
    expect(answer.headers['location']).toBeUndefined()
  },
)

test('a mount path without its slash is redirected to the mount', async () => {
  await using site = createSite({ 'index.html': 'docs' })
  await using served = await serve(staticSettings({ path: '/docs', rootDir: site.root }))
  expect((await ask(served, '/docs?q')).headers['location']).toBe('/docs/?q')
  expect((await ask(served, '/docs/')).body).toBe('docs')
})

const app = { 'index.html': 'APP', 'assets/main-1f2e.js': 'code', 'empty/x.txt': 'x' }

test.each(['/', '/login', '/users/42', '/users/42/', '/v1.2/users', '/caf%C3%A9', '/100%25', '/empty/'])(
  'in SPA mode %s returns the application page',
  async (target) => {
    await using site = createSite(app)
    await using served = await serve(staticSettings({ rootDir: site.root, spaMode: true }))
    const answer = await ask(served, target)
    expect(answer).toMatchObject({ status: 200, body: 'APP' })
    expect(answer.headers['cache-control']).toBe('no-cache')
    expect(answer.headers['content-type']).toBe('text/html; charset=utf-8')
  },
)

test.each(['mjs', 'map', 'wasm', 'webp', 'txt', 'avif', 'js', 'css'])(
  'in SPA mode a missing .%s file is answered 404, not with the page (W37)',
  async (extension) => {
    await using site = createSite(app)
    await using served = await serve(staticSettings({ rootDir: site.root, spaMode: true }))
    expect((await ask(served, `/assets/gone.${extension}`)).status).toBe(404)
  },
)

test('in SPA mode the fallback file may have another name and be in a folder', async () => {
  await using site = createSite({ 'shell/app.html': 'SHELL' })
  const settings = staticSettings({ rootDir: site.root, spaMode: true, spaFallbackFile: 'shell/app.html' })
  await using served = await serve(settings)
  expect(await ask(served, '/login')).toMatchObject({ status: 200, body: 'SHELL' })
})

test('in SPA mode a missing fallback file is answered 404', async () => {
  await using site = createSite()
  await using served = await serve(staticSettings({ rootDir: site.root, spaMode: true }))
  expect((await ask(served, '/login')).status).toBe(404)
})

test('without SPA mode a missing page is answered 404', async () => {
  await using site = createSite(app)
  await using served = await serve(staticSettings({ rootDir: site.root }))
  expect((await ask(served, '/login')).status).toBe(404)
})

test('in SPA mode assets stay cacheable while the index is not (B001, NB001)', async () => {
  await using site = createSite(app)
  await using served = await serve(staticSettings({ rootDir: site.root, spaMode: true }))
  expect((await ask(served, '/assets/main-1f2e.js')).headers['cache-control']).toBe('public, max-age=3600')
  expect((await ask(served, '/index.html')).headers['cache-control']).toBe('no-cache')
})

test('in SPA mode index and fallback are revalidated, whatever their type (B001)', async () => {
  await using site = createSite({ 'index.json': '{}', 'page.json': '{}' })
  const settings = staticSettings({
    rootDir: site.root,
    spaMode: true,
    spaFallbackFile: 'page.json',
    indexFiles: ['index.json'],
  })
  await using served = await serve(settings)
  expect((await ask(served, '/')).headers['cache-control']).toBe('no-cache')
  expect((await ask(served, '/login')).headers['cache-control']).toBe('no-cache')
})

test('refusals are not cacheable', async () => {
  await using site = createSite({ 'docs/a.txt': '' })
  await using served = await serve(staticSettings({ rootDir: site.root }))
  expect((await ask(served, '/missing')).headers['cache-control']).toBe('no-store')
  expect((await ask(served, '/docs')).headers['cache-control']).toBe('no-store')
})
