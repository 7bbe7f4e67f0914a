import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { reap } from '../test/kit/reaper.ts'
import { pidsOf } from './usage.ts'

/** The target has the first core for itself; driver, origin and the benchmark share the second. */
export const cores = { target: 0, rest: 1 } as const

const graceMs = 3_000
const keptCharacters = 4_000

export interface SpawnOptions {
  readonly command: string
  readonly args: readonly string[]
  readonly core: number
  readonly env?: Readonly<Record<string, string>> | undefined
  readonly cwd?: string
}

/** One process that we started. It is ended by its own id, and with the benchmark at the latest. */
export class Started {
  static readonly #all = new Set<Started>()
  readonly #child: ChildProcess
  readonly #name: string
  #output = ''
  #isGone = false

  /** taskset replaces itself by the command, so the child's id is the command's. */
  constructor({ command, args, core, env, cwd }: SpawnOptions) {
    this.#name = command
    this.#child = reap(
      spawn('taskset', ['-c', String(core), command, ...args], {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, ...env },
        ...(cwd === undefined ? {} : { cwd }),
      }),
    )
    Started.#all.add(this)
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => this.#keep(text))
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => this.#keep(text))
    this.#child.once('error', (error) => this.#gone(error.message))
    this.#child.once('close', () => this.#gone(''))
  }

  /** For the very end, when nothing can be waited for any more. */
  static killAll(): void {
    for (const one of Started.#all) one.#killTree()
  }

  get pid(): number {
    const { pid } = this.#child
    if (pid === undefined) throw new Error(`${this.#name} did not start: ${this.#output}`)
    return pid
  }

  get isGone(): boolean {
    return this.#isGone
  }

  /** The last of what it printed. */
  get output(): string {
    return this.#output.trim()
  }

  /** How it ended, and the last of what it printed. */
  get ending(): string {
    const { exitCode, signalCode } = this.#child
    return `ended with ${exitCode ?? signalCode}${this.output === '' ? '' : `: ${this.output}`}`
  }

  kill(signal: NodeJS.Signals): void {
    if (!this.#isGone && this.#child.exitCode === null) this.#child.kill(signal)
  }

  /** Waits for its own end; throws when it failed or was too slow. */
  async finished(withinMs: number): Promise<string> {
    if (!(await this.#endsWithin(withinMs))) {
      await this.stop()
      throw new Error(`${this.#name} was still running after ${withinMs} ms`)
    }
    if (this.#child.exitCode !== 0) throw new Error(`${this.#name} ${this.ending}`)
    return this.output
  }

  async stop(): Promise<void> {
    this.kill('SIGTERM')
    if (await this.#endsWithin(graceMs)) return
    this.#killTree()
    await this.#endsWithin(graceMs)
  }

  /** A master that is killed cannot end its workers any more. */
  #killTree(): void {
    if (this.#isGone || this.#child.pid === undefined) return
    for (const pid of pidsOf(this.#child.pid)) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // It ended by itself meanwhile.
      }
    }
  }

  async #endsWithin(ms: number): Promise<boolean> {
    if (this.#isGone) return true
    const timer = new AbortController()
    const ended = once(this.#child, 'close').then(
      () => true,
      () => true,
    )
    const late = sleep(ms, false, { signal: timer.signal }).catch(() => false)
    const result = await Promise.race([ended, late])
    timer.abort()
    return result
  }

  #keep(text: string): void {
    this.#output = (this.#output + text).slice(-keptCharacters)
  }

  #gone(text: string): void {
    this.#keep(text)
    this.#isGone = true
    Started.#all.delete(this)
  }
}
