/** A daemon with one limited and one unlimited worker, and the results its clients see. */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { RawClient } from '../clients/raw-client.ts'
import { keepReconnecting } from '../clients/reconnecting-clients.ts'
import { tempDir } from '../files/temp-dir.ts'
import { isServing } from '../waiting/is-serving.ts'
import { until } from '../waiting/until.ts'
import { startTestDaemon, type TestDaemon, type TestDaemonOptions } from './daemon.ts'

/** Starts a reverse worker with limits, and a static worker that must not be affected. */
export async function startLimitedWorkers(
  target: string,
  limits: object,
  options: TestDaemonOptions = {},
  admin: object = { listen_addr: '127.0.0.1:0' },
): Promise<TestDaemon> {
  const site = tempDir()
  onTestFinished(() => rmSync(site, { recursive: true, force: true }))
  writeFileSync(join(site, 'index.html'), 'hello')
  const mounts = [{ path: '/', root_dir: site }]
  // Clients without pause may exceed the default CPU limit, which has its own test.
  const cpu = { max_cpu_percent: 100 }
  const workers = {
    static_files: { port: 0, mounts, ...cpu },
    reverse_proxy: { port: 0, target, ...cpu, ...limits },
  }
  const config = { mode: 'Combined', listen_addr: '127.0.0.1:0', workers, admin }
  return await startTestDaemon(config, { allowFaults: true, ...options })
}

export const linesWith = (running: TestDaemon, text: string) =>
  running.log.filter((line) => line.includes(text))

/**
 * Breaks the reverse worker while clients connect to both; returns their results until the replacement
 * serves.
 */
export async function replaceUnderLoad(running: TestDaemon, fault: string) {
  running.daemon.inject('reverse_proxy', fault)
  const replaced = until('the replacement serves', () => isServing(running, 'reverse_proxy', 2), 15_000)
  const [hit, other] = await Promise.all([
    keepReconnecting(running.port('reverse_proxy'), 4, () => replaced),
    keepReconnecting(running.port('static_files'), 2, () => replaced),
  ])
  return { hit, other }
}

export const noFailures = { refused: 0, reset: 0, unanswered: 0, busy: 0 }

/** Memory limits well above an idle instance; a process counts all its resident memory. */
export const memoryLimits = [
  { isolation: 'thread', maxMemoryMb: 64 },
  { isolation: 'process', maxMemoryMb: 160 },
] as const

/** Opens connections and sends one request on each; returns each client and its status. */
export async function openMany(port: number, count: number, target = '/') {
  const clients = await Promise.all(Array.from({ length: count }, () => RawClient.connect(port)))
  onTestFinished(() => {
    for (const client of clients) client.destroy()
  })
  return await Promise.all(
    clients.map(async (client) => ({ client, status: (await client.get(target)).status })),
  )
}

export const countAnswers = (answers: readonly { readonly status: number }[], status: number) =>
  answers.filter((answer) => answer.status === status).length
