/** Launches a target and waits until it listens. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isListening } from './ports.ts'
import { Started } from './processes.ts'
import type { Launch } from './types.ts'

/** A server that accepts connections. */
export interface Running {
  readonly process: Started
  readonly port: number
}

export interface LaunchOptions {
  readonly dir: string
  readonly port: number
  readonly core: number
}

const startMs = 10_000

/** Writes its files, starts it on its core and waits until it accepts connections. */
export async function launch(what: Launch, { dir, port, core }: LaunchOptions): Promise<Running> {
  mkdirSync(dir)
  for (const [name, text] of Object.entries(what.files ?? {})) writeFileSync(join(dir, name), text)
  const process = new Started({ command: what.command, args: what.args, core, env: what.env, cwd: dir })
  if (await isListening(port, startMs, () => process.isGone)) return { process, port }
  await process.stop()
  throw new Error(`${what.command} did not listen on ${port}: ${process.output}`)
}
