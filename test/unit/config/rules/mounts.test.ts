import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadConfig } from '../../../../src/config/load.ts'
import { messages, worker } from '../../../kit/configuration/config-text.ts'
import { tempDir } from '../../../kit/files/temp-dir.ts'

const config = (...mounts: readonly object[]) => ({
  mode: 'Static',
  listen_addr: '127.0.0.1:8080',
  workers: { static_files: { mounts } },
})

test('a relative root_dir starts from the directory of the configuration file, not the working directory', () => {
  const directory = tempDir()
  mkdirSync(join(directory, 'public'))
  const file = join(directory, 'bifrost.json')
  writeFileSync(file, JSON.stringify(config({ path: '/', root_dir: './public' })))
  expect(loadConfig(file).settings.workers[0]?.services[0]).toHaveProperty(
    'mounts.0.rootDir',
    join(directory, 'public'),
  )
})

test('a missing root_dir is refused, and the message names the directory', () => {
  const directory = tempDir()
  expect(messages(config({ path: '/', root_dir: './public' }), directory)).toEqual([
    `workers.static_files.mounts[0].root_dir: "${directory}/public" does not exist; must be an existing directory; a relative path starts from the directory of this file`,
  ])
})

test('a root_dir that is a file is refused', () => {
  const directory = tempDir()
  writeFileSync(join(directory, 'public'), '')
  expect(messages(config({ path: '/', root_dir: 'public' }), directory)[0]).toContain(
    'public" is not a directory; must be',
  )
})

test('a root_dir may be a symbolic link to a directory', () => {
  const directory = tempDir()
  symlinkSync('.', join(directory, 'public'))
  expect(messages(config({ path: '/', root_dir: 'public' }), directory)).toEqual([])
})

test('the directories of disabled static files need not exist', () => {
  const off = { enabled: false, mounts: [{ path: '/', root_dir: './nowhere' }] }
  expect(messages({ mode: 'Forward', listen_addr: 'a:1', workers: { static_files: off } })).toEqual([])
})

test('a trailing slash of a mount path is removed', () => {
  const found = worker(config({ path: '/assets/', root_dir: '.' }), 'static_files').services[0]
  expect(found).toHaveProperty('mounts.0.path', '/assets')
})

test('two mounts with one path are refused, even if a trailing slash differs', () => {
  const mounts = [
    { path: '/a', root_dir: '.' },
    { path: '/a/', root_dir: '.' },
  ]
  expect(messages(config(...mounts))).toEqual([
    'workers.static_files.mounts[1].path: is also the path of mounts[0]; give each mount its own path',
  ])
})

test.each([
  ['assets', 'must start with /, such as "/assets"'],
  ['', 'must start with /, such as "/"'],
  ['/a/../b', 'must have no empty, "." or ".." segments'],
  ['/a//b', 'must have no empty, "." or ".." segments'],
  ['/a?b', 'must be the plain, decoded path: without ? # % \\ and control characters'],
  ['/a%20b', 'must be the plain, decoded path: without ? # % \\ and control characters'],
  ['/a\\b', 'must be the plain, decoded path: without ? # % \\ and control characters'],
])('the mount path %j is refused', (path, right) => {
  expect(messages(config({ path, root_dir: '.' }))).toEqual([
    `workers.static_files.mounts[0].path: is the text ${JSON.stringify(path)}; ${right}`,
  ])
})

test.each(['/etc/passwd', '../index.html', 'a/../../b', 'a\\b', ''])(
  'the fallback file %j is refused',
  (file) => {
    const [line] = messages(config({ path: '/', root_dir: '.', spa_mode: true, spa_fallback_file: file }))
    expect(line).toContain('must be a file path relative to root_dir, such as "index.html"')
  },
)

test('the settings contain the other keys of a mount', () => {
  const mount = {
    path: '/',
    root_dir: '.',
    spa_mode: true,
    spa_fallback_file: 'app/main.html',
    index_files: ['index.htm', 'default.html'],
  }
  expect(worker(config(mount), 'static_files').services[0]).toHaveProperty('mounts.0', {
    path: '/',
    rootDir: expect.any(String),
    spaMode: true,
    spaFallbackFile: 'app/main.html',
    indexFiles: ['index.htm', 'default.html'],
  })
})
