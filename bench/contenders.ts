/** The targets of one case: started, verified, and dropped when they fail. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { Echo, type Origin } from './origin.ts'
import { freePort } from './ports.ts'
import { cores } from './processes.ts'
import { launch, type Running } from './running.ts'
import { targetNamed } from './targets/all.ts'
import { type Case, type Launch, type Place, type Ports, plainSetup, type TargetName } from './types.ts'
import { verify } from './verify.ts'

/** What all cases share. */
export interface Grounds {
  readonly runDir: string
  readonly origin: Origin
  readonly echo: Echo
  readonly certificate: Place['certificate']
  readonly sinkPort: number
  readonly say: (text: string) => void
  /** Called with the launch settings of each target. */
  readonly onLaunch: (one: Case, target: TargetName, what: Launch) => void
}

export interface Contender {
  readonly target: TargetName
  readonly running: Running
  readonly ports: Ports
  /** Null unless an instance of Bifrost listens there. */
  readonly probeDir: string | null
}

export class Contenders {
  readonly #case: Case
  readonly #grounds: Grounds
  readonly #running = new Map<TargetName, Contender>()
  readonly #failures = new Map<TargetName, string>()
  #starts = 0

  constructor(one: Case, grounds: Grounds) {
    this.#case = one
    this.#grounds = grounds
  }

  get all(): readonly Contender[] {
    return [...this.#running.values()]
  }

  failureOf(target: TargetName): string | null {
    return this.#failures.get(target) ?? null
  }

  /** Starts a target and checks its answers; with `isProbed`, an instance of Bifrost can be asked. */
  async enter(target: TargetName, isProbed = false): Promise<Contender> {
    const { runDir, origin, echo, certificate, sinkPort, onLaunch } = this.#grounds
    const { name, job, load, setup } = this.#case
    this.#starts += 1
    const dir = join(runDir, `${name}-${target}-${this.#starts}`)
    const [port, sparePort] = [await freePort(), await freePort()]
    const originPort = Echo.isNeeded(load) ? await echo.port() : origin.port
    const probeDir = isProbed && target.startsWith('bifrost') ? `${dir}-probe` : null
    if (probeDir !== null) mkdirSync(probeDir)
    const place = {
      ...{ dir, port, sparePort, originPort, certificate, sinkPort, probeDir },
      filesDir: origin.filesDir,
    }
    const what = targetNamed(target).launch(job, place, { ...plainSetup, ...setup })
    onLaunch(this.#case, target, what)
    const running = await launch(what, { dir, port, core: cores.target })
    const contender = { target, running, ports: { target: port, origin: originPort }, probeDir }
    this.#running.set(target, contender)
    await verify(load, contender.ports)
    return contender
  }

  /** Runs `work`; if it throws, the target has failed and takes no further part. */
  async attempt(target: TargetName, work: () => Promise<void>): Promise<void> {
    if (this.#failures.has(target)) return
    try {
      await work()
    } catch (error) {
      const process = this.#running.get(target)?.running.process
      const ending = process?.isGone ? ` (${process.ending})` : ''
      const why = `${error instanceof Error ? error.message : String(error)}${ending}`
      this.#failures.set(target, why)
      this.#grounds.say(`${this.#case.name}: ${target} failed: ${why}`)
      await this.leave(target)
    }
  }

  async leave(target: TargetName): Promise<void> {
    const contender = this.#running.get(target)
    this.#running.delete(target)
    await contender?.running.process.stop()
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((target) => this.leave(target)))
  }
}
