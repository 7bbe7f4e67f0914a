/** The origin servers of the benchmark. */
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bulk, fileBytes } from './cases/sizes.ts'
import { freePort } from './ports.ts'
import { cores, type Started } from './processes.ts'
import { launch, type Running } from './running.ts'
import { nginxLaunch, staticServer } from './targets/nginx.ts'
import type { Load } from './types.ts'

export interface Origin extends Running {
  readonly filesDir: string
}

/** Starts the origin behind the proxies and static servers: nginx with some files. */
export async function startOrigin(runDir: string): Promise<Origin> {
  const filesDir = join(runDir, 'files')
  mkdirSync(filesDir)
  for (const [path, bytes] of Object.entries(fileBytes))
    writeFileSync(join(filesDir, path), fileContent(bytes))
  const bulkFile = join(filesDir, bulk.path)
  writeFileSync(bulkFile, '')
  truncateSync(bulkFile, bulk.fileMiB * 2 ** 20)
  const dir = join(runDir, 'origin')
  const port = await freePort()
  const running = await launch(nginxLaunch(dir, staticServer(port, filesDir)), {
    dir,
    port,
    core: cores.rest,
  })
  return { ...running, filesDir }
}

/** The origin for what nginx cannot do: it reads whole uploads and echoes WebSocket messages. */
export class Echo {
  readonly #runDir: string
  #starting: Promise<Running> | null = null

  constructor(runDir: string) {
    this.#runDir = runDir
  }

  static isNeeded(load: Load): boolean {
    return load.kind === 'messages' || (load.kind === 'wrk' && load.upload !== undefined)
  }

  /** Starts it at the first call. */
  async port(): Promise<number> {
    this.#starting ??= this.#start()
    return (await this.#starting).port
  }

  async stop(): Promise<void> {
    const process: Started | undefined = (await this.#starting)?.process
    await process?.stop()
  }

  async #start(): Promise<Running> {
    const port = await freePort()
    const script = join(import.meta.dirname, 'drivers/echo-origin.ts')
    const what = { command: process.execPath, args: [script, String(port)] }
    return launch(what, { dir: join(this.#runDir, 'echo'), port, core: cores.rest })
  }
}

/** Deterministic content in which no byte equals the one before. */
export function fileContent(bytes: number): string {
  return 'The quick brown fox jumps over the lazy dog, again and again. '.repeat(bytes / 60).slice(0, bytes)
}
