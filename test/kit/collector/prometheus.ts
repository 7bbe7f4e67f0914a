/** Starts a real Prometheus and queries it. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tempDir } from '../files/temp-dir.ts'
import { endChild } from '../processes/end-child.ts'
import { freePorts } from '../processes/free-ports.ts'
import { tied } from '../processes/tied.ts'
import { until } from '../waiting/until.ts'

export interface Series {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** A real Prometheus that scrapes once a second, on a port chosen by the kernel. */
export interface Prometheus extends AsyncDisposable {
  /** Result of an instant query; throws with Prometheus' own message if the query fails. */
  query(expression: string): Promise<readonly Series[]>
}

export interface Scraped {
  readonly job: string
  /** `host:port` that serves `/metrics`. */
  readonly target: string
  readonly honorLabels?: boolean
}

/** Why there is no Prometheus; null if there is one. */
export function whyNoPrometheus(): string | null {
  const isThere = ['prometheus', 'promtool'].every((name) => spawnSync(name, ['--version']).status === 0)
  return isThere ? null : 'prometheus and promtool are not on the PATH (Debian: package prometheus)'
}

export async function startPrometheus(scraped: readonly Scraped[]): Promise<Prometheus> {
  const folder = tempDir()
  const file = join(folder, 'prometheus.json')
  const jobs = scraped.map(({ job, target, honorLabels = false }) => ({
    job_name: job,
    honor_labels: honorLabels,
    static_configs: [{ targets: [target] }],
  }))
  writeFileSync(file, JSON.stringify({ global: { scrape_interval: '1s' }, scrape_configs: jobs }))
  const [port] = await freePorts(1)
  const url = `http://127.0.0.1:${port}`
  const child: ChildProcess = tied(
    spawn(
      'prometheus',
      [
        `--config.file=${file}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--log.level=warn',
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    ),
  )
  let log = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    log += text
  })
  const ended = once(child, 'close')
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null
  const isReady = () =>
    fetch(`${url}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    )
  const end = () => endChild(child, ended, folder)
  try {
    await until('Prometheus is ready', async () => hasEnded() || (await isReady()), 30_000)
    if (hasEnded()) throw new Error('it has ended')
  } catch (error) {
    await end()
    throw new Error(log, { cause: error })
  }
  return {
    async query(expression) {
      const answer = await fetch(`${url}/api/v1/query`, {
        method: 'POST',
        body: new URLSearchParams({ query: expression }),
      })
      const { error, data } = (await answer.json()) as {
        readonly error?: string
        readonly data?: {
          readonly resultType: string
          readonly result: readonly {
            readonly metric: Series['labels']
            readonly value: readonly [number, string]
          }[]
        }
      }
      if (data === undefined) throw new Error(`${expression}: ${error}`)
      return data.result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }))
    },
    [Symbol.asyncDispose]: end,
  }
}
