import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { RawClient } from '../kit/clients/raw-client.ts'
import { startChildDaemon } from '../kit/daemons/child-daemon.ts'
import { childrenOf, commandLineOf, isAlive, listeningOf } from '../kit/processes/processes.ts'
import { tied } from '../kit/processes/tied.ts'
import { until } from '../kit/waiting/until.ts'

/** The signals with a default action in Node: SIGUSR1 opens its debugger, SIGHUP ends the process. */

const config = {
  mode: 'Combined',
  listen_addr: '127.0.0.1:0',
  demo_upstream: { listen_addr: '127.0.0.1:0' },
  workers: {
    forward_proxy: { port: 0, isolation: 'process' },
    reverse_proxy: { port: 0, isolation: 'process', target: 'http://127.0.0.1:9' },
  },
}

const start = () => startChildDaemon(config, 1_024)

/** Processes of instances and the demo upstream, without the short-lived mirror process. */
const lasting = (pid: number) =>
  childrenOf(pid).filter((one) => !commandLineOf(one).includes('mirror-process'))

const logged = (lines: readonly string[]) => lines.filter((line) => line.includes('SIGHUP is ignored')).length

async function serves(port: number): Promise<boolean> {
  using client = await RawClient.connect(port)
  client.head('GET / HTTP/1.1', 'Host: localhost')
  return (await client.response()).status > 0
}

/**
 * A plain Node process for comparison: once its debugger is open, a process signalled earlier has had time to
 * open one too.
 */
async function openDebuggerElsewhere(): Promise<number> {
  const command = ['--inspect-port=0', '-e', 'setInterval(() => {}, 1_000); console.log("up")']
  const child = tied(spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'pipe'] }))
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (piece) => {
      text += piece
    })
  await until('it is up', () => text.includes('up'))
  child.kill('SIGUSR1')
  await until('its debugger is open', () => text.includes('Debugger listening'))
  const { length } = listeningOf(child.pid ?? 0)
  child.kill('SIGKILL')
  return length
}

describe('SIGUSR1', () => {
  test('opens no debugger, neither in the daemon nor in a process that it started', async () => {
    await using daemon = await start()
    const all = [daemon.pid, ...lasting(daemon.pid)]
    expect(all).toHaveLength(4)
    const before = all.map(listeningOf)
    for (const pid of all) process.kill(pid, 'SIGUSR1')
    expect(await openDebuggerElsewhere()).toBe(1)
    expect(all.map(listeningOf)).toEqual(before)
    expect(all.filter(isAlive)).toEqual(all)
    expect(daemon.log.join('\n')).not.toMatch(/debugger|inspector/i)
    expect(await serves(daemon.port('forward proxy'))).toBe(true)
  })
})

describe('SIGHUP', () => {
  test('ends neither the daemon nor a process that it started, and the daemon logs it', async () => {
    await using daemon = await start()
    const all = [...lasting(daemon.pid), daemon.pid]
    for (const pid of all) process.kill(pid, 'SIGHUP')
    await until('it is logged', () => logged(daemon.log) === 1)
    expect(await serves(daemon.port('forward proxy'))).toBe(true)
    expect(await serves(daemon.port('reverse proxy'))).toBe(true)
    expect([...lasting(daemon.pid), daemon.pid].filter(isAlive)).toEqual(all)
    expect(daemon.log.join('\n')).not.toContain('instance ended')
  })

  test.each(['SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const)(
    '%s does not end a daemon that is starting',
    async (signal) => {
      const bifrost = join(import.meta.dirname, '../../src/cli/bifrost.js')
      // The signal is sent when the first module is loaded; only the first statement of the daemon has run by
      // then.
      const hook = `data:text/javascript,${encodeURIComponent(
        `import { registerHooks } from 'node:module'
      registerHooks({ resolve(what, context, next) {
        if (what.endsWith('/src/cli/main.ts')) process.kill(process.pid, '${signal}')
        return next(what, context)
      } })`,
      )}`
      const child = tied(
        spawn(process.execPath, [`--import=${hook}`, bifrost, '--check'], {
          stdio: ['ignore', 'pipe', 'pipe'],
        }),
      )
      let text = ''
      child.stderr.on('data', (piece) => {
        text += piece
      })
      const end = await new Promise((resolve) => child.once('exit', (code, by) => resolve([code, by])))
      expect([end, text]).toEqual([[0, null], ''])
    },
  )
})
