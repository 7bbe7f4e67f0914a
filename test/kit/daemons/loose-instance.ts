/** An instance without a supervisor, and clients that reconnect to it. */
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import type { CarrierExit } from '../../../actors/instance.ts'
import { parseConfig } from '../../../src/config/load.ts'
import type { Isolation } from '../../../src/config/settings/settings.ts'
import type { Channel, FromInstance, InstanceBoot } from '../../../src/supervise/channel/channel.ts'
import { openChannel } from '../../../src/supervise/channel/openers.ts'
import { type CounterBlock, createCounterBlock } from '../../../src/telemetry/metrics/counters.ts'
import { until } from '../waiting/until.ts'

/**
 * An instance without a supervisor at the other end of its channel. It is a forward proxy, which answers a
 * request for `/` with 400.
 */
export interface LooseInstance extends AsyncDisposable {
  readonly channel: Channel
  readonly block: CounterBlock
  readonly messages: readonly FromInstance[]
  /** Null while the instance lives. */
  exit(): CarrierExit | null
}

export interface LooseOptions {
  readonly isolation: Isolation
  readonly generation?: number
  readonly maxMemoryMb?: number
  readonly onMessage?: (message: FromInstance) => void
  readonly onUndelivered?: (key: string, socket: Socket) => void
}

/** Starts an instance and waits until it is ready. */
export async function startLoose(options: LooseOptions): Promise<LooseInstance> {
  const {
    isolation,
    generation = 1,
    maxMemoryMb = 256,
    onMessage = () => {},
    onUndelivered = () => {},
  } = options
  const text = JSON.stringify({
    mode: 'Forward',
    listen_addr: '127.0.0.1:0',
    workers: { forward_proxy: { isolation, max_memory_mb: maxMemoryMb } },
  })
  const worker = parseConfig(text, { file: 'loose.json', baseDir: tmpdir() }).settings.workers[0]
  if (worker === undefined) throw new Error('no worker')
  const block = createCounterBlock()
  const boot: InstanceBoot = {
    id: `forward_proxy#${generation}`,
    slot: 0,
    generation,
    worker,
    maxConnections: { forward: 1000 },
    counters: { forward: block.buffer },
    tls: [],
    drainTimeoutMs: 1000,
    postsExchanges: false,
    descriptors: null,
    maxSpansPerSecond: 0,
    ownPorts: [],
    pseudonym: 'test',
  }
  const messages: FromInstance[] = []
  let exit: CarrierExit | null = null
  const events = {
    message(message: FromInstance) {
      messages.push(message)
      onMessage(message)
    },
    closing: () => {},
    undelivered: (key: string, socket: Socket) => {
      onUndelivered(key, socket)
    },
    exit(how: CarrierExit) {
      exit = how
    },
  }
  const channel = openChannel(boot, events)
  await until('it is ready', () => messages.some(({ type }) => type === 'thread.ready'))
  return {
    channel,
    block,
    messages,
    exit: () => exit,
    async [Symbol.asyncDispose]() {
      if (exit === null) channel.kill()
      await until('it is gone', () => exit !== null)
    },
  }
}

export interface Outcomes {
  served: number
  /** Number of errors by code, and `unanswered`. */
  lost: Record<string, number>
}

/** Runs clients that connect, send one request and reconnect until `isOver`; updates `outcomes` meanwhile. */
export async function reconnect(
  port: number,
  clients: number,
  isOver: () => boolean,
  outcomes: Outcomes = { served: 0, lost: {} },
): Promise<Outcomes> {
  const lose = (why: string) => {
    outcomes.lost[why] = (outcomes.lost[why] ?? 0) + 1
  }
  const ask = () =>
    new Promise<void>((resolve) => {
      let answer = ''
      let fault = 'unanswered'
      const socket = connect(port, '127.0.0.1')
      socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
      socket.setEncoding('latin1').on('data', (text: string) => {
        answer += text
      })
      socket.setTimeout(30_000, () => socket.destroy())
      socket.on('error', (error: NodeJS.ErrnoException) => {
        fault = error.code ?? error.message
      })
      socket.on('close', () => {
        if (answer.startsWith('HTTP/1.1 400')) outcomes.served += 1
        else lose(fault)
        resolve()
      })
    })
  const loop = async () => {
    while (!isOver()) await ask()
  }
  await Promise.all(Array.from({ length: clients }, loop))
  return outcomes
}
