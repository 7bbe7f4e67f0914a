/**
 * Requests that arrive at a constant rate, whether or not earlier ones were answered.
 *
 *   arrival, planned --queue, while all connections are busy--> sent --> answered
 *   |<----------------------------- latency ----------------------------------->|
 *
 * Latencies count from the planned arrival, so that a stall of the target is seen by every request that
 * arrived meanwhile (no coordinated omission).
 */
import { KeepAliveClient } from './keep-alive-client.ts'
import { Latencies } from './latencies.ts'

export interface ArrivalOptions {
  readonly port: number
  readonly request: string
  readonly connections: number
  readonly perSecond: number
}

/** Requests that wait for a connection; beyond it an arrival is an error, which bounds the memory. */
const mostQueued = 50_000
const leadMs = 20
const drainMs = 1_000

export class Arrivals {
  readonly #options: ArrivalOptions
  readonly #clients: readonly KeepAliveClient[]
  readonly #free: KeepAliveClient[]
  /** Planned arrivals that wait, in milliseconds; entries before `#next` are sent. */
  #queue: number[] = []
  #next = 0
  taken = new Latencies()
  /** The driver's own delay, which the latencies contain. */
  late = new Latencies()
  errors = 0

  constructor(options: ArrivalOptions) {
    this.#options = options
    const events = {
      answered: (client: KeepAliveClient, status: number) => this.#answered(client, status),
      closed: (client: KeepAliveClient) => this.#closed(client),
    }
    this.#clients = Array.from(
      { length: options.connections },
      () => new KeepAliveClient(options.port, events),
    )
    this.#free = [...this.#clients]
  }

  /** May be called again; each run starts with empty latencies. Resolves with its seconds. */
  run(ms: number): Promise<number> {
    this.taken = new Latencies()
    this.late = new Latencies()
    const { promise, resolve } = Promise.withResolvers<number>()
    const started = performance.now() + leadMs
    const total = Math.floor((this.#options.perSecond * ms) / 1000)
    const interval = 1000 / this.#options.perSecond
    let planned = 0
    // The timers of Node count in milliseconds: each turn sends the arrivals that are due.
    const tick = () => {
      const now = performance.now()
      for (; planned < total && started + planned * interval <= now; planned += 1)
        this.#arrive(started + planned * interval, now)
      const isIdle = this.#free.length === this.#clients.length
      if ((planned === total && isIdle) || now > started + ms + drainMs) {
        this.#giveUp(now)
        resolve((now - started) / 1000)
      } else setTimeout(tick, 1)
    }
    setTimeout(tick, leadMs)
    return promise
  }

  end(): void {
    for (const client of this.#clients) client.destroy()
  }

  #arrive(due: number, now: number): void {
    this.late.add(now - due)
    const client = this.#free.pop()
    if (client !== undefined) client.send(this.#options.request, due)
    else if (this.#queue.length - this.#next < mostQueued) this.#queue.push(due)
    else this.errors += 1
  }

  #answered(client: KeepAliveClient, status: number): void {
    if (status === 200) this.taken.add(performance.now() - client.since)
    else this.errors += 1
    const due = this.#queue[this.#next]
    if (due === undefined) {
      this.#queue = []
      this.#next = 0
      this.#free.push(client)
      return
    }
    this.#next += 1
    client.send(this.#options.request, due)
  }

  #closed(client: KeepAliveClient): void {
    this.errors += 1
    const at = this.#free.indexOf(client)
    if (at >= 0) this.#free.splice(at, 1)
  }

  /** A request that is still unanswered has waited at least until now. */
  #giveUp(now: number): void {
    for (const client of this.#clients) if (client.isBusy) this.taken.add(now - client.since)
    for (const due of this.#queue.slice(this.#next)) this.taken.add(now - due)
    this.#queue = []
    this.#next = 0
  }
}
