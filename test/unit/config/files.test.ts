import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadConfig } from '../../../src/config/load.ts'
import type { ErrorCode } from '../../../src/errors.ts'
import { errorOf } from '../../kit/configuration/config-text.ts'
import { tempDir } from '../../kit/files/temp-dir.ts'

/** The one-line message of the error from loading the file. */
function refusal(file: string, code: ErrorCode = 'CONFIG_UNREADABLE'): string {
  const message = errorOf(() => loadConfig(file), code)?.message ?? ''
  expect(message.split('\n')).toHaveLength(1)
  return message
}

function written(content: string | Uint8Array): string {
  const file = join(tempDir(), 'bifrost.json')
  writeFileSync(file, content)
  return file
}

test('a missing file is refused', () => {
  const file = join(tempDir(), 'none.json')
  expect(refusal(file)).toBe(`${file}: cannot be read: there is no such file`)
})

test('a path through a file is refused', () => {
  const file = join(written('{}'), 'x.json')
  expect(refusal(file)).toBe(`${file}: cannot be read: a part of its path is not a directory`)
})

test('a directory is refused', () => {
  const directory = tempDir()
  expect(refusal(directory)).toBe(`${directory}: cannot be read: it is a directory; name the file in it`)
})

test('a pipe without a writer does not block', () => {
  const pipe = join(tempDir(), 'pipe')
  execFileSync('sh', ['-c', 'mkfifo "$0"', pipe])
  expect(refusal(pipe)).toBe(`${pipe}: cannot be read: it is not a regular file`)
})

test('an endless device is refused', () => {
  expect(refusal('/dev/zero')).toBe('/dev/zero: cannot be read: it is not a regular file')
})

test('a loop of symbolic links is refused', () => {
  const link = join(tempDir(), 'link')
  symlinkSync('link', link)
  expect(refusal(link)).toBe(`${link}: cannot be read: its symbolic links form a loop`)
})

test('a file name that is too long is refused', () => {
  expect(refusal(`/tmp/${'x'.repeat(300)}`)).toContain('cannot be read: its name is too long')
})

test('a file name with a NUL byte is refused', () => {
  expect(refusal('/tmp/a\0b')).toBe('/tmp/a\\0b: cannot be read: its name contains a NUL byte')
})

test('a file without read permission is refused', () => {
  const file = written('{}')
  chmodSync(file, 0o000)
  if (process.getuid?.() !== 0) {
    expect(refusal(file)).toBe(`${file}: cannot be read: this user may not read it (permission denied)`)
    return
  }
  // Root may read every file, so the load runs as an unprivileged user, which needs access to the file and
  // the sources.
  chmodSync(join(file, '..'), 0o755)
  const url = new URL('../../../src/config/load.ts', import.meta.url).href
  const script = `process.setgroups([]); process.setgid(65534); const { loadConfig } = await import(${JSON.stringify(url)}); process.setuid(65534)
    try { loadConfig(${JSON.stringify(file)}) } catch (error) { console.log(error.code, error.message) }`
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
  expect(stdout).toBe(
    `CONFIG_UNREADABLE ${file}: cannot be read: this user may not read it (permission denied)\n`,
  )
})

test('a file over 1 MiB is refused, such as 10 MB of brackets', () => {
  const file = written('['.repeat(10_000_000))
  expect(refusal(file)).toBe(`${file}: cannot be read: it is larger than 1 MiB, the limit of a configuration`)
})

test.each([
  ['an overlong sequence', Uint8Array.of(0x7b, 0xc0, 0x80, 0x7d)],
  ['UTF-16', Buffer.from('\ufeff{}', 'utf16le')],
])('bytes that are not UTF-8 are refused: %s', (_, bytes) => {
  const file = written(bytes)
  expect(refusal(file)).toBe(`${file}: cannot be read: it is not UTF-8 text`)
})

test('a NUL byte in the text is refused', () => {
  const file = written('{"mode":\n"Forward\0"}')
  expect(refusal(file, 'CONFIG_INVALID')).toBe(`${file}:2:9: contains a NUL byte; the file must be text`)
})

test.each([
  ['nothing', ''],
  ['spaces', ' \n\n'],
  ['a byte order mark', '\ufeff'],
  ['comments', '# mode: Forward\n'],
  ['an empty document', '---\n...\n'],
])('a file without content is refused: %s', (_, text) => {
  const file = written(text)
  expect(refusal(file, 'CONFIG_INVALID')).toBe(
    `${file}:1:1: the file is empty; it needs at least a mode, such as { "mode": "Forward", "listen_addr": "127.0.0.1:3128" }`,
  )
})

test('a byte order mark before a configuration is accepted', () => {
  const file = written('\ufeff{"mode": "Forward", "listen_addr": "127.0.0.1:3128"}')
  expect(loadConfig(file).effective.mode).toBe('Forward')
})

test('a Windows line end counts as one line end', () => {
  const file = written('{\r\n  "mode": "Forward", // c\r\n  "listen_addr": 1\r\n}\r\n')
  expect(refusal(file, 'CONFIG_INVALID')).toContain(`${file}:3:18 listen_addr: is 1; `)
})
