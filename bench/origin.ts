/** The origin server of the benchmark. */
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bulk } from './cases.ts'
import { freePort } from './ports.ts'
import { cores } from './processes.ts'
import { launch, type Running } from './running.ts'
import { nginxLaunch, staticServer } from './targets/nginx.ts'

export interface Origin extends Running {
  readonly filesDir: string
}

/** Starts the origin behind the proxies and static servers: nginx with three files. */
export async function startOrigin(runDir: string): Promise<Origin> {
  const filesDir = join(runDir, 'files')
  mkdirSync(filesDir)
  writeFileSync(join(filesDir, '1k.txt'), fileContent(1024))
  writeFileSync(join(filesDir, '100k.bin'), fileContent(100 * 1024))
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

/** Deterministic content in which no byte equals the one before. */
export function fileContent(bytes: number): string {
  return 'The quick brown fox jumps over the lazy dog, again and again. '.repeat(bytes / 60).slice(0, bytes)
}
