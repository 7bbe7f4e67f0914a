import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { tempDir } from '../kit/files/temp-dir.ts'
import { tied } from '../kit/processes/tied.ts'
import { until } from '../kit/waiting/until.ts'

/** The `logging` block, tested with the whole daemon as a process. */

const bifrost = join(import.meta.dirname, '../../src/cli/bifrost.js')

interface Run {
  readonly folder: string
  out: string
  err: string
  kill(signal: NodeJS.Signals): void
  readonly ended: Promise<unknown>
}

async function run(logging: unknown): Promise<Run> {
  const folder = tempDir()
  const file = join(folder, 'bifrost.json')
  const config = { mode: 'Forward', listen_addr: '127.0.0.1:0', admin: { enabled: false }, logging }
  writeFileSync(file, JSON.stringify(config))
  const child = tied(
    spawn(process.execPath, [bifrost, '--config', file], { stdio: ['ignore', 'pipe', 'pipe'] }),
  )
  const ended = once(child, 'close')
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  const started = {
    folder,
    out: '',
    err: '',
    kill: (signal: NodeJS.Signals) => void child.kill(signal),
    ended,
  }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    started.out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    started.err += text
  })
  await until('it serves', () => started.out.includes('Ctrl+C'))
  return started
}

const levelsIn = (text: string) =>
  new Set(
    text
      .split('\n')
      .filter((line) => /^\d{4}-/.test(line))
      .map((line) => line.split(/ +/)[1]),
  )

const linesOf = (path: string) =>
  existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : []

test('without a `logging` block the log is text on standard error, from level info', async () => {
  const daemon = await run(undefined)
  daemon.kill('SIGTERM')
  await daemon.ended
  expect(daemon.err).toMatch(/^\S+Z info {2}daemon is running actor=daemon/m)
  expect(levelsIn(daemon.err)).toEqual(new Set(['info']))
  expect(daemon.out).not.toMatch(/Z info/)
})

test('each target has its own level and format, and SIGUSR2 creates a renamed file again', async () => {
  const daemon = await run({
    level: 'info',
    targets: [
      { type: 'stderr', level: 'error' },
      { type: 'stdout', format: 'json' },
      { type: 'file', path: 'all.log', level: 'debug' },
    ],
  })
  const path = join(daemon.folder, 'all.log')
  await until('the file has its lines', () =>
    linesOf(path).some((line) => line.includes('daemon is running')),
  )
  renameSync(path, `${path}.1`)
  daemon.kill('SIGUSR2')
  await until('there is a new file', () => existsSync(path))
  daemon.kill('SIGTERM')
  await daemon.ended

  expect(daemon.err).toBe('')
  const json = daemon.out.split('\n').filter((line) => line.startsWith('{'))
  expect(json.map((line) => JSON.parse(line).message)).toEqual(
    expect.arrayContaining(['daemon is running', 'daemon is stopped']),
  )
  expect(json.map((line) => JSON.parse(line).level)).not.toContain('debug')
  expect(levelsIn(readFileSync(`${path}.1`, 'utf8'))).toEqual(new Set(['debug', 'info']))
  expect(linesOf(`${path}.1`).some((line) => line.includes('daemon is stopped'))).toBe(false)
  expect(linesOf(path).some((line) => line.includes('daemon is stopped'))).toBe(true)
})
