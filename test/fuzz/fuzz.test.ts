import { rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startTestDaemon } from '../kit/daemons/daemon.ts'
import { tempDir } from '../kit/files/temp-dir.ts'
import { hello, startRecordingOrigin } from '../kit/origins/recording-origin.ts'
import { until } from '../kit/waiting/until.ts'
import { generate } from './generate.ts'
import { Random } from './random.ts'

/** `FUZZ_SEED` repeats a run, `FUZZ_COUNT` is the number of connections to each listener. */
const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 31)
const count = Number(process.env['FUZZ_COUNT'] ?? 1_000)

/** Maximum time until a connection that has sent all its bytes has been answered and ended. */
const maxMs = 20_000

/** Sends bytes in one to three pieces, ends its side, and reads until the connection is over. */
function exchange(port: number, bytes: Buffer, random: Random): Promise<string | null> {
  return new Promise((resolve) => {
    const pieces: Uint8Array[] = []
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
    const timer = setTimeout(() => {
      resolve(null)
      socket.destroy()
    }, maxMs)
    socket.on('data', (piece: Buffer) => pieces.push(piece))
    socket.on('error', () => {})
    socket.on('close', () => {
      clearTimeout(timer)
      resolve(Buffer.concat(pieces).toString('latin1'))
    })
    socket.on('end', () => socket.end())
    const cut = random.chance(0.5) ? bytes.length : random.below(bytes.length + 1)
    socket.write(bytes.subarray(0, cut))
    setImmediate(() => socket.end(bytes.subarray(cut)))
  })
}

test(`no request is interpreted in two ways, ends an instance or hangs (FUZZ_SEED=${seed} FUZZ_COUNT=${count})`, async () => {
  const site = tempDir()
  onTestFinished(() => rmSync(site, { recursive: true, force: true }))
  writeFileSync(join(site, 'index.html'), 'hello')
  // The origin marks its responses: it sends one for each request that it has read.
  const answer = hello.replace('Content-Length', 'X-Origin: yes\r\nContent-Length')
  await using origin = await startRecordingOrigin({ answer })
  const timeouts = { header_secs: 2, idle_secs: 2, response_secs: 2 }
  await using running = await startTestDaemon({
    mode: 'Combined',
    listen_addr: '127.0.0.1:0',
    workers: {
      forward_proxy: { port: 0, timeouts, max_cpu_percent: 100 },
      reverse_proxy: { port: 0, target: `http://${origin.authority}`, timeouts, max_cpu_percent: 100 },
      static_files: {
        port: 0,
        mounts: [{ path: '/', root_dir: site }],
        timeouts: { header_secs: 2, idle_secs: 2 },
        max_cpu_percent: 100,
      },
    },
  })
  const random = new Random(seed)
  const names = ['forward_proxy', 'reverse_proxy', 'static_files']
  for (let n = 0; n < count; n++) {
    for (const name of names) {
      const text = generate(random, name === 'forward_proxy').replaceAll('{host}', origin.authority)
      const shown = `seed ${seed}, connection ${n} to ${name}: ${JSON.stringify(text)}`
      const before = origin.recorded.length
      const garbageBefore = origin.garbage.length
      const got = await exchange(running.port(name), Buffer.from(text, 'latin1'), random)
      expect(got, `hangs; ${shown}`).not.toBeNull()
      // Bytes inside a tunnel belong to the client.
      if (text.includes('CONNECT')) continue
      expect(origin.garbage.slice(garbageBefore), shown).toEqual([])
      const seen = origin.recorded.slice(before)
      const answered = (got ?? '').split('X-Origin: yes').length - 1
      // A request that reached the origin but got no response at the client was read by the origin alone.
      const lines = JSON.stringify(seen.map(({ line }) => line))
      expect(answered, `the origin has read ${lines}; ${shown}; got ${JSON.stringify(got)}`).toBe(seen.length)
    }
  }
  for (const name of names) expect(running.stateOf(`${name}#1`), name).toBe('running.alive')
  await until('nothing is open', async () =>
    (await running.admin('/metrics')).text
      .split('\n')
      .filter((line) => line.startsWith('worker_connections_active'))
      .every((line) => line.endsWith(' 0')),
  )
}, 1_800_000)
