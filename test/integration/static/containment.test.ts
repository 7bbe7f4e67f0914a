import { spawn } from 'node:child_process'
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { tied } from '../../kit/processes/tied.ts'
import { ask, createSite, exchange, type Served, type Site, serve, staticSettings } from './site.ts'

/** Asserts the properties that all responses to attacks share, whatever their status. */
async function expectRefused(served: Served, site: Site, target: string): Promise<void> {
  const answer = await ask(served, target)
  expect([400, 403, 404]).toContain(answer.status)
  expect(answer.raw).not.toMatch(/SECRET|root:|PAGE/)
  expect(answer.raw).not.toContain(site.outside)
  expect(served.thrown).toEqual([])
}

const attacks = {
  'dot segments': '/../secret.txt',
  'dot segments in the middle': '/folder/../../secret.txt',
  'many dot segments': `${'/..'.repeat(40)}/etc/passwd`,
  'dot segments that stay inside': '/folder/../page.html',
  'a bare dot-dot': '/..',
  'encoded dots': '/%2e%2e/secret.txt',
  'half encoded dots': '/.%2e/secret.txt',
  'encoded dots in capitals': '/%2E%2E/secret.txt',
  'an encoded slash': '/..%2fsecret.txt',
  'an encoded slash in front': '/%2f..%2f..%2fsecret.txt',
  'an encoded absolute path': '/%2fetc%2fpasswd',
  'a double slash (W03)': '//etc/passwd',
  'a triple slash': '///etc/passwd',
  'a double slash inside': '/folder//page.html',
  'a double slash and dots': '//../secret.txt',
  'an absolute path after dots': '/..//etc/passwd',
  'a backslash': '/..\\secret.txt',
  'a backslash in front': '/\\..\\..\\secret.txt',
  'an encoded backslash': '/..%5csecret.txt',
  'an encoded backslash and slash': '/folder/..%5c../secret.txt',
  'an encoded NUL': '/page.html%00.txt',
  'an encoded NUL after dots': '/../secret.txt%00.html',
  'overlong dots': '/%c0%ae%c0%ae/secret.txt',
  'an overlong slash': '/..%c0%afsecret.txt',
  'a three-byte overlong slash': '/..%e0%80%afsecret.txt',
  'twice encoded dots': '/%252e%252e/secret.txt',
  'twice encoded dots and slash': '/%252e%252e%252fsecret.txt',
  'a twice encoded slash': '/%252fetc%252fpasswd',
  'UTF-16 escapes': '/%u002e%u002e/secret.txt',
  'full-width dots': '/%ef%bc%8e%ef%bc%8e/secret.txt',
  'path parameters': '/..;/secret.txt',
  'a malformed escape': '/%zz',
  'a cut-off escape': '/page.html%',
  'a fragment': '/page.html#/../secret.txt',
  'a dot file': '/.env',
  'an encoded dot file': '/%2eenv',
  'a file in a dot folder': '/.git/config',
  'a dot file in .well-known': '/.well-known/.env',
  'a link to a file outside': '/link.txt',
  'a link to a directory outside': '/linked/secret.txt',
  'a link to a directory outside, itself': '/linked',
  'a link to a directory outside, with slash': '/linked/',
  'a link to a directory outside, a name that is missing there': '/linked/missing',
  'a link to a missing name outside': '/broken',
  'a link to an absolute file': '/passwd.txt',
  'a link to itself': '/loop.txt',
  'a broken link to outside': '/broken.txt',
  'a name of 300 bytes': `/${'a'.repeat(300)}.txt`,
  'a path of 6000 bytes': `${'/aaaaa'.repeat(1000)}/x.txt`,
  'a file as a directory': '/page.html/',
  'a file as a folder': '/page.html/x.txt',
}

function attackedSite(): Site {
  const site = createSite({
    'page.html': 'PAGE',
    'folder/page.html': 'PAGE',
    '.env': 'SECRET',
    '.git/config': 'SECRET',
    '.well-known/.env': 'SECRET',
  })
  site.link('link.txt', '../secret.txt')
  site.link('linked', '..')
  site.link('passwd.txt', '/etc/passwd')
  site.link('loop.txt', 'loop.txt')
  site.link('broken.txt', '../nothing.txt')
  site.link('broken', '../nothing')
  // A sibling directory whose name starts like the root.
  mkdirSync(`${site.root}-private`)
  writeFileSync(`${site.root}-private/index.html`, 'SECRET')
  site.link('sibling', '../public-private')
  return site
}

describe.each([false, true])(
  'spa_mode %s: neither content from outside the root nor a 500 through',
  (spaMode) => {
    test.each(Object.entries(attacks))('%s', async (_, target) => {
      await using site = attackedSite()
      await using served = await serve(
        staticSettings({ rootDir: site.root, spaMode, spaFallbackFile: 'page.html' }),
      )
      await expectRefused(served, site, target)
    })
  },
)

test('a link to a sibling directory whose name starts like the root is refused', async () => {
  await using site = attackedSite()
  await using served = await serve(staticSettings({ rootDir: site.root }))
  await expectRefused(served, site, '/sibling/')
})

test('a raw NUL in the target is refused', async () => {
  await using site = attackedSite()
  await using served = await serve(staticSettings({ rootDir: site.root }))
  const answer = await exchange(served.port, 'GET /page.html\0.txt HTTP/1.1\r\nHost: a\r\n\r\n')
  expect(answer.toString()).toMatch(/^HTTP\/1.1 400 /)
})

test('an attack below a mount prefix is refused', async () => {
  await using site = attackedSite()
  await using served = await serve(staticSettings({ path: '/docs', rootDir: site.root }))
  for (const target of ['/docs/../secret.txt', '/docs/..', '/docs//etc/passwd', '/docs/%2e%2e/secret.txt']) {
    await expectRefused(served, site, target)
  }
})

test('an index file that is a link to outside is refused', async () => {
  await using site = attackedSite()
  site.link('index.html', '../secret.txt')
  await using served = await serve(staticSettings({ rootDir: site.root, spaMode: true }))
  await expectRefused(served, site, '/')
  await expectRefused(served, site, '/some/page')
})

test.each([false, true])(
  'spa_mode %s: a link to outside does not reveal what exists there',
  async (spaMode) => {
    await using site = attackedSite()
    writeFileSync(join(site.outside, 'secret'), 'SECRET')
    await using served = await serve(
      staticSettings({ rootDir: site.root, spaMode, spaFallbackFile: 'page.html' }),
    )
    const there = await ask(served, '/linked/secret')
    const missing = await ask(served, '/linked/nothing')
    expect(there.status).toBe(404)
    expect([missing.status, missing.body]).toEqual([there.status, there.body])
  },
)

test('the target of a link to outside is not even opened', async () => {
  await using site = createSite()
  const pipe = site.pipe('../pipe')
  site.link('pipe', '../pipe')
  // open() blocks until the other end of the pipe is opened.
  const writer = tied(spawn('sh', ['-c', 'echo x > "$0"', pipe]))
  const ended = new Promise((resolve) => writer.once('exit', resolve))
  try {
    await using served = await serve(staticSettings({ rootDir: site.root }))
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect((await ask(served, '/pipe')).status).toBe(404)
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(writer.exitCode).toBeNull()
    expect(writer.signalCode).toBeNull()
  } finally {
    writer.kill('SIGKILL')
    await ended
  }
})

test('links that stay inside are followed', async () => {
  await using site = createSite({ 'releases/2/app.txt': 'two' })
  site.link('current', 'releases/2')
  site.link('app.txt', join(site.root, 'releases/2/app.txt'))
  await using served = await serve(staticSettings({ rootDir: site.root }))
  expect((await ask(served, '/current/app.txt')).body).toBe('two')
  expect((await ask(served, '/app.txt')).body).toBe('two')
})

test('a root that is itself a link is served', async () => {
  await using site = createSite({ 'a.txt': 'a' })
  const rootDir = join(site.outside, 'alias')
  symlinkSync('public', rootDir)
  await using served = await serve(staticSettings({ rootDir }))
  expect((await ask(served, '/a.txt')).body).toBe('a')
})

test('.well-known is served', async () => {
  await using site = createSite({ '.well-known/security.txt': 'mail us' })
  await using served = await serve(staticSettings({ rootDir: site.root }))
  expect((await ask(served, '/.well-known/security.txt')).body).toBe('mail us')
})

test('a twice encoded name is decoded once only', async () => {
  await using site = createSite({ '%2e%2e.txt': 'literal' })
  await using served = await serve(staticSettings({ rootDir: site.root }))
  expect((await ask(served, '/%252e%252e.txt')).body).toBe('literal')
})

test('a folder replaced by a link to outside between two system calls opens no outside file', async () => {
  await using site = createSite({ 'folder/secret.txt': 'public' })
  await using served = await serve(staticSettings({ rootDir: site.root }), { trustMs: 0 })
  const [folder, link, parked] = ['folder', 'link', 'parked'].map((name) => join(site.root, name)) as [
    string,
    string,
    string,
  ]
  symlinkSync(site.outside, link)
  let isOver = false
  async function swap() {
    while (!isOver) {
      renameSync(folder, parked)
      renameSync(link, folder)
      await new Promise(setImmediate)
      renameSync(folder, link)
      renameSync(parked, folder)
      await new Promise(setImmediate)
    }
  }
  async function hammer() {
    const bodies = new Set<string>()
    for (let left = 300; left > 0; left -= 1) bodies.add((await ask(served, '/folder/secret.txt')).body)
    return bodies
  }
  const swapping = swap()
  const bodies = (await Promise.all([hammer(), hammer(), hammer(), hammer()])).flatMap((set) => [...set])
  isOver = true
  await swapping
  expect(bodies).toContain('public')
  expect(bodies).not.toContain('SECRET')
  rmSync(link)
})
