import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { codeOfSystemError } from '../../../src/proxy/static/disk.ts'
import { tied } from '../../kit/processes/tied.ts'
import { until } from '../../kit/waiting/until.ts'
import { ask, createSite, type Site } from './site.ts'

/** A server in a process with few descriptors and without root, which would bypass file permissions. */
async function serveLimited(site: Site): Promise<{ port: number } & AsyncDisposable> {
  chmodSync(site.outside, 0o755)
  const script = fileURLToPath(new URL('./limited-server.ts', import.meta.url))
  const unprivileged = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}
  const child: ChildProcess = tied(
    spawn('sh', ['-c', 'ulimit -n 64; exec "$0" "$@"', process.execPath, script, site.root], {
      stdio: ['ignore', 'pipe', 'inherit'],
      ...unprivileged,
    }),
  )
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const port = await new Promise<number>((resolve, reject) => {
    child.stdout?.once('data', (line) => resolve(Number(line)))
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)))
  })
  return {
    port,
    async [Symbol.asyncDispose]() {
      child.kill()
      await ended
    },
  }
}

test('without a free descriptor the answer is 503 with Retry-After, and later requests are served', async () => {
  await using site = createSite({ 'starved.txt': 'x', 'a.txt': 'a' })
  await using served = await serveLimited(site)
  const answer = await ask(served, '/starved.txt')
  expect([answer.status, answer.headers['retry-after']]).toEqual([503, '1'])
  expect((await ask(served, '/a.txt')).body).toBe('a')
})

test('an unreadable file is answered 403', async () => {
  await using site = createSite({ 'a.txt': 'a', 'folder/b.txt': 'b' })
  chmodSync(join(site.root, 'a.txt'), 0)
  chmodSync(join(site.root, 'folder'), 0)
  await using served = await serveLimited(site)
  expect((await ask(served, '/a.txt')).status).toBe(403)
  expect((await ask(served, '/folder/b.txt')).status).toBe(403)
  expect((await ask(served, '/folder/')).status).toBe(403)
})

test('a cached file that becomes unreadable is answered 403 after the next check of the disk', async () => {
  await using site = createSite({ 'a.txt': 'a' })
  chmodSync(join(site.root, 'a.txt'), 0o644)
  await using served = await serveLimited(site)
  // The first request loads the file into memory, the second is a hit.
  for (let hits = 0; hits < 2; hits++) expect((await ask(served, '/a.txt')).body).toBe('a')
  chmodSync(join(site.root, 'a.txt'), 0)
  const isForbidden = async () => (await ask(served, '/a.txt')).status === 403
  await until('what is in memory is not trusted any more', isForbidden)
  chmodSync(join(site.root, 'a.txt'), 0o644)
  expect((await ask(served, '/a.txt')).body).toBe('a')
})

test.each([
  ['ENOENT', 'NOT_FOUND'],
  ['EACCES', 'FORBIDDEN_PATH'],
  ['EMFILE', 'OVER_LIMIT'],
  ['ENFILE', 'OVER_LIMIT'],
  ['EIO', undefined],
])('the system error %s becomes %s', (code, meaning) => {
  expect(codeOfSystemError(Object.assign(new Error(code), { code }))).toBe(meaning)
})
