/** Starts the OpenTelemetry Collector with the project's configuration. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { endChild } from '../processes/end-child.ts'
import { freePorts } from '../processes/free-ports.ts'
import { tied } from '../processes/tied.ts'
import { until } from '../waiting/until.ts'
import { binaryPath, collectorFile } from './collector-binary.ts'

/** A Collector that runs the project's own configuration on ports chosen by the kernel. */
export interface Collector extends AsyncDisposable {
  /** Base URL of its OTLP receiver. */
  readonly otlpHttp: string
  readonly otlpGrpc: string
  /** URL that Prometheus would scrape. */
  readonly prometheus: string
  readonly log: string
  /** Metrics that Prometheus would scrape, and the Collector's own metrics. */
  metrics(): Promise<string>
  self(): Promise<string>
  health(): Promise<number>
}

/** Variables of otel-collector.yaml. */
export type CollectorEnv = Readonly<Record<string, string>>

export interface Checked {
  readonly ok: boolean
  readonly text: string
}

/** Runs `otelcol validate` on a file: it builds the whole graph and starts nothing. */
export function validate(file: string, env: CollectorEnv = {}): Checked {
  const { status, stdout, stderr } = spawnSync(binaryPath(), ['validate', '--config', file], {
    env: { ...process.env, ...env },
    encoding: 'utf8',
  })
  return { ok: status === 0, text: `${stdout}${stderr}` }
}

async function textOf(url: string): Promise<string> {
  const answer = await fetch(url)
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`)
  return answer.text()
}

/**
 * Starts a Collector and waits until it is healthy. If another process takes one of its ports first, it
 * retries with other ports.
 */
export async function startCollector(env: CollectorEnv = {}): Promise<Collector> {
  for (let attempt = 1; ; attempt++) {
    const collector = await tryCollector(env)
    if ('otlpHttp' in collector) return collector
    if (attempt === 3 || !collector.log.includes('address already in use')) throw new Error(collector.log)
  }
}

async function tryCollector(env: CollectorEnv): Promise<Collector | { readonly log: string }> {
  const [grpc, http, health, prometheus, self] = await freePorts(5)
  const at = (port: number | undefined) => `127.0.0.1:${port}`
  const child: ChildProcess = tied(
    spawn(binaryPath(), ['--config', collectorFile], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: {
        ...process.env,
        OTLP_GRPC_LISTEN: at(grpc),
        OTLP_HTTP_LISTEN: at(http),
        HEALTH_LISTEN: at(health),
        PROMETHEUS_LISTEN: at(prometheus),
        SELF_PORT: String(self),
        ...env,
      },
    }),
  )
  let log = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    log += text
  })
  const ended = once(child, 'close')
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null
  const healthOf = () =>
    fetch(`http://${at(health)}/`).then(
      ({ status }) => status,
      () => 0,
    )
  const end = () => endChild(child, ended)
  try {
    await until('the Collector is healthy', async () => hasEnded() || (await healthOf()) === 200, 30_000)
  } catch (error) {
    await end()
    throw new Error(log, { cause: error })
  }
  if (hasEnded()) {
    await ended
    return { log }
  }
  return {
    otlpHttp: `http://${at(http)}`,
    otlpGrpc: `http://${at(grpc)}`,
    prometheus: `http://${at(prometheus)}`,
    get log() {
      return log
    },
    metrics: () => textOf(`http://${at(prometheus)}/metrics`),
    self: () => textOf(`http://${at(self)}/metrics`),
    health: healthOf,
    [Symbol.asyncDispose]: end,
  }
}
