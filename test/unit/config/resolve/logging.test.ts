import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { load, messages } from '../../../kit/configuration/config-text.ts'
import { tempDir } from '../../../kit/files/temp-dir.ts'

const config = (logging?: unknown) => ({
  mode: 'Forward',
  listen_addr: '127.0.0.1:0',
  ...(logging === undefined ? {} : { logging }),
})

test('logging is null when not configured', () => {
  expect(load(config()).settings.logging).toBeNull()
})

test('logging without targets goes to standard error', () => {
  expect(load(config({ level: 'warn', format: 'json' })).settings.logging).toEqual({
    targets: [{ type: 'stderr', path: null, level: 'warn', format: 'json' }],
  })
})

test('logging has level and format for all targets and for single ones', () => {
  const folder = tempDir()
  const targets = [
    { type: 'stdout', level: 'error', format: 'json' },
    { type: 'file', path: 'a.log' },
  ]
  expect(load(config({ level: 'trace', targets }), folder).settings.logging?.targets).toEqual([
    { type: 'stdout', path: null, level: 'error', format: 'json' },
    { type: 'file', path: join(folder, 'a.log'), level: 'debug', format: 'text' },
  ])
})

describe('mistakes in logging', () => {
  test.each([
    [{ targets: [{ type: 'file' }] }, 'logging.targets[0]: has no path; add the path of the file'],
    [
      { targets: [{ type: 'stdout', path: 'a' }] },
      'logging.targets[0].path: has no effect on stdout; write "type": "file", or remove it',
    ],
    [
      { targets: [{ type: 'stderr' }, { type: 'stderr' }] },
      'logging.targets[1]: writes to the same destination as targets[0]; keep one of them',
    ],
    [
      { targets: [{ type: 'syslog' }] },
      /^logging\.targets\[0\]\.type: .* must be "stdout", "stderr" or "file"$/,
    ],
    [{ level: 'verbose' }, /^logging\.level: .* must be "trace", "debug", "info", "warn" or "error"$/],
    [
      { targets: [{ type: 'file', path: 'no/such/a.log' }] },
      /^logging\.targets\[0\]\.path: .* does not exist; must be a file in an existing, writable directory/,
    ],
  ])('%j', (block, expected) => {
    expect(messages(config(block), tempDir())).toEqual([
      typeof expected === 'string' ? expected : expect.stringMatching(expected),
    ])
  })
})
