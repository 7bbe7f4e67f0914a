import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, openSync, readFileSync, readSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { RawClient } from '../../kit/clients/raw-client.ts'
import { tempDir } from '../../kit/files/temp-dir.ts'
import { startOrigin } from '../../kit/origins/origin.ts'
import { tied } from '../../kit/processes/tied.ts'
import { until } from '../../kit/waiting/until.ts'

/** Runs the whole daemon as a process, because these tests are about its standard output. */

const bifrost = join(import.meta.dirname, '../../../src/cli/bifrost.js')

interface Started {
  readonly child: ChildProcess
  readonly port: number
  readonly admin: number
}

interface Options {
  /** Authority of the upstream. */
  readonly upstream: string
  readonly accessLog: unknown
  readonly isolation?: string
  readonly stdout: number | 'pipe'
  /** Output of the daemon so far. */
  readonly written: (child: ChildProcess) => string
}

async function start({
  upstream,
  accessLog,
  isolation = 'thread',
  stdout,
  written,
}: Options): Promise<Started> {
  const file = join(tempDir(), 'bifrost.json')
  const config = {
    mode: 'Reverse',
    listen_addr: '127.0.0.1:0',
    access_log: accessLog,
    admin: { listen_addr: '127.0.0.1:0' },
    workers: { reverse_proxy: { target: `http://${upstream}`, isolation } },
  }
  writeFileSync(file, JSON.stringify(config))
  const child = tied(
    spawn(process.execPath, [bifrost, '--config', file], { stdio: ['ignore', stdout, 'ignore'] }),
  )
  const ended = once(child, 'exit')
  onTestFinished(async () => {
    child.kill()
    await ended
  })
  await until('it serves', () => written(child).includes('Ctrl+C'))
  const portOf = (what: RegExp) => Number(what.exec(written(child))?.[1])
  return { child, port: portOf(/:(\d+) +reverse/), admin: portOf(/:(\d+) +admin/) }
}

/** A pipe that is read only when `text` is called; `end` is the end for the child. */
function pipe(): { readonly end: number; readonly text: () => string } {
  const path = join(tempDir(), 'stdout')
  execFileSync('sh', ['-c', 'mkfifo "$0"', path])
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  // A separate open file description: the one that a child inherits as its output becomes blocking.
  const end = openSync(path, constants.O_WRONLY)
  onTestFinished(() => {
    closeSync(fd)
    closeSync(end)
  })
  const buffer = Buffer.alloc(1024 * 1024)
  let text = ''
  return {
    end,
    text() {
      try {
        text += buffer.toString('latin1', 0, readSync(fd, buffer))
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      }
      return text
    },
  }
}

function gathering(): (child: ChildProcess) => string {
  let text: string | null = null
  return (child) => {
    if (text === null) {
      text = ''
      child.stdout?.on('data', (piece) => {
        text += piece
      })
    }
    return text
  }
}

describe.each(['thread', 'process', 'shared'])('standard output (%s)', (isolation) => {
  test('delays neither traffic nor the main process when it is an unread pipe', async () => {
    await using origin = await startOrigin()
    const { end, text } = pipe()
    const accessLog = { path: 'stdout', format: `%path ${'x'.repeat(3_000)}`, flush_ms: 1, buffer_kb: 128 }
    const { port, admin } = await start({
      upstream: origin.authority,
      accessLog,
      isolation,
      stdout: end,
      written: text,
    })
    using client = await RawClient.connect(port)
    // More bytes than the pipe and the buffer hold.
    for (let at = 0; at < 150; at += 1) expect((await client.get(`/${at}`)).status).toBe(200)
    using health = await RawClient.connect(admin)
    health.head('GET /health HTTP/1.1', 'Host: localhost')
    expect((await health.response()).status).toBe(200)
    const lines = () =>
      text()
        .split('\n')
        .slice(0, -1)
        .filter((line) => line.startsWith('/'))
    await until('what fitted is read', () => lines().length > 30)
    await until('it goes on', async () => {
      await client.get('/after')
      return lines().at(-1)?.startsWith('/after ') === true
    })
    expect(lines().filter((line) => !/^\/\w+ x{3000}$/.test(line))).toEqual([])
    expect(lines()[0]).toMatch(/^\/0 /)
    expect(lines().length).toBeLessThan(150)
  })

  test('receives access log lines when it is a socket', async () => {
    await using origin = await startOrigin()
    const written = gathering()
    const accessLog = { path: 'stdout', format: '%path %status', flush_ms: 1 }
    const { child, port } = await start({
      upstream: origin.authority,
      accessLog,
      isolation,
      stdout: 'pipe',
      written,
    })
    using client = await RawClient.connect(port)
    await client.get('/a')
    await client.get('/b')
    await until('they come', () => written(child).includes('/a 200\n/b 200\n'))
  })

  test('receives access log lines after the output of the main process when it is a file', async () => {
    await using origin = await startOrigin()
    const path = join(tempDir(), 'out')
    const fd = openSync(path, 'w')
    onTestFinished(() => closeSync(fd))
    const accessLog = { path: 'stdout', format: '%path %status', flush_ms: 1 }
    const text = () => readFileSync(path, 'utf8')
    const { port } = await start({
      upstream: origin.authority,
      accessLog,
      isolation,
      stdout: fd,
      written: text,
    })
    using client = await RawClient.connect(port)
    await client.get('/a')
    await until('it comes', () => text().endsWith('/a 200\n'))
    expect(text()).toContain('Bifrost Bridge is up')
  })
})

test('SIGUSR2 reopens the access log files', async () => {
  await using origin = await startOrigin()
  const file = join(tempDir(), 'access.log')
  const { child, port } = await start({
    upstream: origin.authority,
    accessLog: { path: file, format: '%path', flush_ms: 1 },
    isolation: 'process',
    stdout: 'pipe',
    written: gathering(),
  })
  using client = await RawClient.connect(port)
  await client.get('/before')
  const text = (name: string) => readFileSync(name, { encoding: 'utf8', flag: 'a+' })
  await until('it is written', () => text(file) === '/before\n')
  renameSync(file, `${file}.1`)
  child.kill('SIGUSR2')
  await until('there is a new file', async () => {
    await client.get('/after')
    return text(file).startsWith('/after\n')
  })
  expect(text(`${file}.1`)).toMatch(/^\/before\n(?:\/after\n)*$/)
})
