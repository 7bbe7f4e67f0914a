import { existsSync, mkdirSync, readFileSync, renameSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { LogLevel } from '../../../../src/telemetry/log/log.ts'
import { openLog } from '../../../../src/telemetry/log/log-targets.ts'
import type { LogTargetSettings } from '../../../../src/telemetry/log/target-settings.ts'
import { tempDir } from '../../../kit/files/temp-dir.ts'
import { until } from '../../../kit/waiting/until.ts'

const levels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error']

function file(changes: Partial<LogTargetSettings> = {}): LogTargetSettings & { readonly path: string } {
  const path = join(tempDir(), 'daemon.log')
  return { type: 'file', level: 'debug', format: 'text', ...changes, path: changes.path ?? path }
}

function open(...targets: readonly LogTargetSettings[]) {
  const complaints: string[] = []
  const opened = openLog({ targets }, { now: () => 0, retryMs: 5, complain: (line) => complaints.push(line) })
  onTestFinished(() => opened.close())
  return { ...opened, complaints }
}

const linesOf = (path: string): readonly string[] =>
  existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : []

test.each([
  ['debug', ['debug', 'info', 'warn', 'error']],
  ['info', ['info', 'warn', 'error']],
  ['warn', ['warn', 'error']],
  ['error', ['error']],
] as const)('a target of level %s gets only lines of that level and above', async (level, expected) => {
  const target = file({ level })
  const { log, close } = open(target)
  for (const one of levels) log(one, one)
  await close()
  expect(linesOf(target.path).map((line) => line.split(' ')[1])).toEqual(expected)
})

test('each target has its own level and format', async () => {
  const [text, json] = [file(), file({ level: 'error', format: 'json' })]
  const { log, close } = open(text, json)
  log('info', 'up', { port: 80 })
  log('error', 'down', { why: 'no "reason"' })
  await close()
  expect(linesOf(text.path)).toEqual([
    '1970-01-01T00:00:00.000Z info  up port=80',
    '1970-01-01T00:00:00.000Z error down why="no \\"reason\\""',
  ])
  expect(linesOf(json.path).map((line) => JSON.parse(line))).toEqual([
    { time: '1970-01-01T00:00:00.000Z', level: 'error', message: 'down', why: 'no "reason"' },
  ])
})

test('a field never replaces the time, level or message of a JSON line', async () => {
  const target = file({ format: 'json' })
  const { log, close } = open(target)
  log('warn', 'stderr', { message: 'it said', level: 'loud', time: 'never' })
  await close()
  expect(JSON.parse(linesOf(target.path)[0] ?? '')).toEqual({
    time: '1970-01-01T00:00:00.000Z',
    level: 'warn',
    message: 'stderr',
    detail: 'it said',
  })
})

test('lines are ASCII without control characters, whatever their content', async () => {
  const [text, json] = [file(), file({ format: 'json' })]
  const { log, close } = open(text, json)
  log('info', 'ü\u001b[31m\u009b\nx', { a: '\u001b]0;title\u0007é\n2026 error fake' })
  await close()
  for (const { path } of [text, json]) {
    expect(linesOf(path)).toHaveLength(1)
    expect(readFileSync(path, 'latin1')).toMatch(/^[\x20-\x7e]+\n$/)
  }
  expect(JSON.parse(linesOf(json.path)[0] ?? '')).toMatchObject({ message: 'ü\u001b[31m\u009b\nx' })
})

test('an existing log file is appended to', async () => {
  const target = file()
  for (const message of ['first', 'second']) {
    const { log, close } = open(target)
    log('info', message)
    await close()
  }
  expect(linesOf(target.path).map((line) => line.slice(-6))).toEqual([' first', 'second'])
})

test('continues in a new file after the old one was renamed', async () => {
  const target = file()
  const { log, reopen, close } = open(target)
  log('info', 'before')
  await until('the line is there', () => linesOf(target.path).length === 1)
  renameSync(target.path, `${target.path}.1`)
  reopen()
  await until('there is a new file', () => existsSync(target.path))
  log('info', 'after')
  await close()
  expect(linesOf(`${target.path}.1`).map((line) => line.slice(-6))).toEqual(['before'])
  expect(linesOf(target.path).map((line) => line.slice(-5))).toEqual(['after'])
})

test('an unwritable file is reported to the other targets and written once it is writable', async () => {
  const good = file()
  const bad = file()
  mkdirSync(bad.path)
  const { log, close } = open(bad, good)
  log('info', 'kept')
  await until('it is told', () => linesOf(good.path).some((line) => line.includes('a log cannot be written')))
  rmdirSync(bad.path)
  await until('it is written', () => linesOf(bad.path).length > 0)
  await close()
  expect(linesOf(bad.path)[0]).toMatch(/ kept$/)
  expect(linesOf(good.path).filter((line) => line.includes('cannot be written'))).toHaveLength(1)
})

test('an unwritable file that is the only target is reported to the caller of openLog', async () => {
  const bad = file()
  mkdirSync(bad.path)
  const { complaints } = open(bad)
  await until('it is told', () => complaints.length > 0)
  expect(complaints[0]).toMatch(/error a log cannot be written place=\S+ error="?EISDIR/)
})
