import { execFileSync } from 'node:child_process'
import {
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openFileSink, type Sink } from '../../../../src/telemetry/lines/sink.ts'
import { chunkBytes, LogWriter, type LogWriterOptions } from '../../../../src/telemetry/lines/writer.ts'
import { tempDir } from '../../../kit/files/temp-dir.ts'
import { until } from '../../../kit/waiting/until.ts'

interface Observed {
  readonly writer: LogWriter
  dropped: number
  readonly troubles: (string | null)[]
}

function writerTo(open: () => Promise<Sink>, changes: Partial<LogWriterOptions> = {}): Observed {
  const observed: { dropped: number; troubles: (string | null)[] } = { dropped: 0, troubles: [] }
  const writer = new LogWriter({
    open,
    bufferBytes: 4 * chunkBytes,
    flushMs: 5,
    retryMs: 10,
    onDropped: (lines) => {
      observed.dropped += lines
    },
    onTrouble: (error) =>
      observed.troubles.push(error === null ? null : ((error as { code?: string }).code ?? '?')),
    ...changes,
  })
  onTestFinished(() => writer.close())
  return Object.assign(observed, { writer })
}

const padding = 'x'.repeat(100)
const lineOf = (at: number, who = 'a'): string => `${who} ${at} ${padding}\n`
const numbersIn = (text: string): number[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      if (!/^a \d+ x{100}$/.test(line)) throw new Error(`no whole line: ${line}`)
      return Number(line.split(' ')[1])
    })
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, at) => from + at)

function fifo(): { readonly path: string; readonly read: () => string } {
  const path = join(tempDir(), 'pipe')
  execFileSync('sh', ['-c', 'mkfifo "$0"', path])
  // Opened for reading and writing: the pipe has a reader, which reads only on request.
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
  onTestFinished(() => closeSync(fd))
  const buffer = Buffer.alloc(10_000)
  return {
    path,
    read() {
      try {
        return buffer.toString('latin1', 0, readSync(fd, buffer))
      } catch {
        return ''
      }
    },
  }
}

describe('a file', () => {
  test('gets all lines in order, after its existing content', async () => {
    const path = join(tempDir(), 'access.log')
    writeFileSync(path, lineOf(0))
    const { writer, dropped } = writerTo(() => openFileSink(path))
    for (const at of range(1, 1_000)) writer.write(lineOf(at))
    await until('all is written', () => numbersIn(readFileSync(path, 'utf8')).length === 1_000)
    expect(numbersIn(readFileSync(path, 'utf8'))).toEqual(range(0, 1_000))
    expect(dropped).toBe(0)
  })

  test('is written by several writers at once without a broken line', async () => {
    const path = join(tempDir(), 'access.log')
    const writers = ['a', 'b', 'c'].map((who) => ({ who, ...writerTo(() => openFileSink(path)) }))
    for (const at of range(0, 1_500)) for (const { who, writer } of writers) writer.write(lineOf(at, who))
    await Promise.all(writers.map(({ writer }) => writer.close()))
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
    expect(lines.filter((line) => !/^[abc] \d+ x{100}$/.test(line))).toEqual([])
    expect(lines).toHaveLength(4_500)
  })

  test('that was renamed is followed by a new file without losing a line', async () => {
    const folder = tempDir()
    const path = join(folder, 'access.log')
    const { writer } = writerTo(() => openFileSink(path), { flushMs: 1 })
    let at = 0
    const more = (): void => {
      for (let count = 0; count < 50; count += 1) writer.write(lineOf(at++))
    }
    const files: string[] = []
    for (const turn of range(0, 5)) {
      more()
      await until(
        'the file is used',
        () => numbersIn(readFileSync(path, { encoding: 'utf8', flag: 'a+' })).length > 0,
      )
      more()
      renameSync(path, join(folder, `old-${turn}`))
      more()
      writer.reopen()
      more()
      files.push(`old-${turn}`)
      await until(
        'there is a new one',
        () => numbersIn(readFileSync(path, { encoding: 'utf8', flag: 'a+' })).length > 0,
      )
    }
    await writer.close()
    const all = [...files.map((name) => join(folder, name)), path].flatMap((file) =>
      numbersIn(readFileSync(file, 'utf8')),
    )
    expect(all).toEqual(range(0, at))
  })

  test('that is renamed while it is being opened is opened again', async () => {
    const path = join(tempDir(), 'access.log')
    const first = Promise.withResolvers<Sink>()
    const opens = [() => first.promise, () => openFileSink(path)]
    const { writer } = writerTo(() => (opens.shift() ?? (() => openFileSink(path)))())
    const old = await openFileSink(path)
    renameSync(path, `${path}.1`)
    writer.reopen()
    first.resolve(old)
    writer.write(lineOf(0))
    await until('it is written', () => readFileSync(path, { encoding: 'utf8', flag: 'a+' }) === lineOf(0))
  })

  test('that cannot be reopened still gets further lines', async () => {
    const folder = join(tempDir(), 'logs')
    mkdirSync(folder)
    const path = join(folder, 'access.log')
    const { writer, troubles } = writerTo(() => openFileSink(path))
    writer.write(lineOf(0))
    await until('it is open', () => readFileSync(path, { encoding: 'utf8', flag: 'a+' }) !== '')
    renameSync(folder, `${folder}-moved`)
    writer.reopen()
    writer.write(lineOf(1))
    await writer.close()
    expect(numbersIn(readFileSync(join(`${folder}-moved`, 'access.log'), 'utf8'))).toEqual([0, 1])
    expect(troubles).toEqual(['ENOENT'])
  })

  test('that cannot be opened yet is retried and then gets the waiting lines', async () => {
    const folder = join(tempDir(), 'later')
    const path = join(folder, 'access.log')
    const observed = writerTo(() => openFileSink(path))
    observed.writer.write(lineOf(0))
    await until('it is told', () => observed.troubles.length === 1)
    mkdirSync(folder)
    await until('it is written', () => readFileSync(path, { encoding: 'utf8', flag: 'a+' }) === lineOf(0))
    await until('that is told', () => observed.troubles.length === 2)
    expect(observed.troubles).toEqual(['ENOENT', null])
    expect(observed.dropped).toBe(0)
  })

  test('gets the waiting lines at once when its thread ends', async () => {
    const path = join(tempDir(), 'access.log')
    const opened = openFileSink(path)
    const { writer } = writerTo(() => opened, { flushMs: 60_000 })
    await opened
    writer.write(lineOf(0))
    writer.write(lineOf(1))
    writer.flushSync()
    expect(numbersIn(readFileSync(path, 'utf8'))).toEqual([0, 1])
  })

  test('created by the writer is accessible to its owner and group only', async () => {
    const path = join(tempDir(), 'access.log')
    const sink = await openFileSink(path)
    expect(statSync(path).mode & 0o137).toBe(0)
    sink.close()
  })
})

describe('a full disk', () => {
  test('drops and counts the lines beyond the buffer and is reported once', async () => {
    const observed = writerTo(() => openFileSink('/dev/full'))
    const perChunk = Math.floor(chunkBytes / lineOf(0).length)
    for (const _ of range(0, 5 * perChunk)) observed.writer.write(lineOf(0))
    await until('it is told', () => observed.troubles.length > 0)
    expect(observed.dropped).toBe(perChunk)
    await observed.writer.close()
    expect(observed.troubles).toEqual(['ENOSPC'])
    expect(observed.dropped).toBe(5 * perChunk)
  })

  test.skipIf(process.getuid?.() !== 0)('that has room again gets all waiting lines whole', async () => {
    const folder = tempDir()
    execFileSync('sh', ['-c', 'mount -t tmpfs -o size=64k tmpfs "$0"', folder])
    onTestFinished(() => void execFileSync('sh', ['-c', 'umount -l "$0"', folder]))
    writeFileSync(join(folder, 'other'), Buffer.alloc(32 * 1024))
    const path = join(folder, 'access.log')
    const observed = writerTo(() => openFileSink(path))
    for (const at of range(0, 500)) observed.writer.write(lineOf(at))
    await until('it is full', () => observed.troubles.length === 1)
    writeFileSync(join(folder, 'other'), '')
    await until('the rest is written', () => observed.troubles.length === 2)
    await observed.writer.close()
    const kept = numbersIn(readFileSync(path, 'utf8'))
    expect(kept).toEqual(range(0, kept.length))
    expect(observed.troubles).toEqual(['ENOSPC', null])
    // The emptied file leaves room for all 500 lines.
    expect(kept).toHaveLength(500)
    expect(observed.dropped).toBe(0)
  })
})

describe('a pipe that is not read', () => {
  test('does not block the writer and delivers the bounded buffer whole once it is read', async () => {
    const pipe = fifo()
    const opened = openFileSink(pipe.path)
    const observed = writerTo(() => opened)
    await opened
    const longest = { ms: 0 }
    let at = 0
    for (; observed.dropped < 100; at += 1) {
      const before = performance.now()
      observed.writer.write(lineOf(at))
      longest.ms = Math.max(longest.ms, performance.now() - before)
      if (at % 100 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    expect(longest.ms).toBeLessThan(1_000)
    expect(observed.troubles).toEqual([])
    const accepted = at - 100
    let text = ''
    await until('all of them are read', () => {
      text += pipe.read()
      return text.split('\n').length > accepted
    })
    expect(numbersIn(text)).toEqual(range(0, accepted))
    observed.writer.write(lineOf(at))
    await until('it goes on', () => numbersIn(pipe.read()).includes(at))
  })

  test('is written by several writers at once without a broken line', async () => {
    const pipe = fifo()
    const writers = ['a', 'b'].map((who) => ({ who, ...writerTo(() => openFileSink(pipe.path)) }))
    for (const at of range(0, 1_500)) for (const { who, writer } of writers) writer.write(lineOf(at, who))
    let text = ''
    await until('all is read', () => {
      text += pipe.read()
      return text.split('\n').length > 3_000
    })
    const lines = text.trimEnd().split('\n')
    expect(lines.filter((line) => !/^[ab] \d+ x{100}$/.test(line))).toEqual([])
  })

  test('does not delay the close for long, and lost lines are counted', async () => {
    const pipe = fifo()
    const observed = writerTo(() => openFileSink(pipe.path))
    for (const at of range(0, 2_000)) observed.writer.write(lineOf(at))
    const before = performance.now()
    await observed.writer.close()
    expect(performance.now() - before).toBeLessThan(3_000)
    expect(pipe.read()).toMatch(/^a 0 x{100}\n/)
    expect(observed.dropped).toBeGreaterThan(0)
  })

  test('is reported and retried if it has no reader at all', async () => {
    const path = join(tempDir(), 'pipe')
    execFileSync('sh', ['-c', 'mkfifo "$0"', path])
    const observed = writerTo(() => openFileSink(path))
    observed.writer.write(lineOf(0))
    await until('it is told', () => observed.troubles.length === 1)
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    onTestFinished(() => closeSync(fd))
    await until('it is written', () => observed.troubles.length === 2)
    expect(observed.troubles).toEqual(['ENXIO', null])
  })
})

test('a line longer than a chunk is dropped', () => {
  const observed = writerTo(() => openFileSink('/dev/null'))
  observed.writer.write('x'.repeat(chunkBytes + 1))
  expect(observed.dropped).toBe(1)
})
