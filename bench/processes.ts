/** Starts and ends the processes of the benchmark. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { reap } from '../test/kit/processes/reaper.ts'
import { pidsOf } from './usage.ts'

/** The target has the first core; driver, origin and benchmark share the second. */
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

/** A process started by the benchmark. It is ended by its id, at the latest when the benchmark ends. */
export class Started {
  static readonly #all = new Set<Started>()
  readonly #child: ChildProcess
  readonly #name: string
  #output = ''
  #isGone = false

  /** taskset replaces itself with the command, so the child's id is the command's. */
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

  /** For the exit handler, which cannot wait. */
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

  /** The last lines of its output. */
  get output(): string {
    return this.#output.trim()
  }

  /** How it ended, with the last lines of its output. */
  get ending(): string {
    const { exitCode, signalCode } = this.#child
    return `ended with ${exitCode ?? signalCode}${this.output === '' ? '' : `: ${this.output}`}`
  }

  kill(signal: NodeJS.Signals): void {
    if (!this.#isGone && this.#child.exitCode === null) this.#child.kill(signal)
  }

  /** Waits until it ends; throws if it failed or took too long. */
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

  /** A killed master cannot end its workers. */
  #killTree(): void {
    if (this.#isGone || this.#child.pid === undefined) return
    for (const pid of pidsOf(this.#child.pid)) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // It has already ended.
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
