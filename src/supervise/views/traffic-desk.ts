/**
 * Asks instances about their traffic for a viewer: latest exchanges, open connections, closing one of these.
 * Each question goes over the channel with a deadline; an instance that is stuck is listed as silent.
 */
import { isInstanceOf } from '../../../actors/ids.ts'
import type {
  ConnectionView,
  TrafficAnswer,
  TrafficQuestion,
  TrafficRecord,
} from '../../telemetry/traffic-record.ts'
import type { Channels } from '../channel/carrier.ts'
import type { FromInstance } from '../channel/channel.ts'

export interface TrafficDeskParts {
  readonly channels: Pick<Channels, 'all' | 'get' | 'of'>
  readonly timeoutMs?: number
}

/** A record with a name of its own in the daemon. */
export interface NamedRecord extends TrafficRecord {
  readonly id: string
  readonly instance: string
}

export interface OpenConnection extends Omit<ConnectionView, 'id'> {
  readonly id: string
  readonly instance: string
}

export interface RecordPage {
  /** In the order of their ends. */
  readonly records: readonly NamedRecord[]
  /** Value of `after` for the next request. */
  readonly cursor: string
  readonly isWatched: boolean
  readonly skipped: number
  /** Instances that have not answered. */
  readonly silent: readonly string[]
}

export interface ConnectionPage {
  readonly connections: readonly OpenConnection[]
  readonly open: number
  readonly silent: readonly string[]
}

export interface TrafficWish {
  /** A cursor; '' for all. */
  readonly after: string
  readonly limit: number
  /** If set, all exchanges are recorded for this time. */
  readonly watchMs: number
}

/** Questions that wait for an answer at the same time; one more is not asked. */
const maxPending = 256
/** Instances that have ended and whose failures are kept. */
const maxPast = 8

interface Pending {
  readonly instance: string
  readonly resolve: (answer: TrafficAnswer | null) => void
}

export class TrafficDesk {
  readonly #parts: TrafficDeskParts
  readonly #pending = new Map<number, Pending>()
  /** Failures that instances have left behind, in the order of their ends. */
  readonly #past = new Map<string, readonly TrafficRecord[]>()
  #asked = 0

  constructor(parts: TrafficDeskParts) {
    this.#parts = parts
  }

  async requests(worker: string, { after, limit, watchMs }: TrafficWish): Promise<RecordPage> {
    const seen = readCursor(after)
    const alive = this.#parts.channels.of(worker).map(({ id }) => id)
    const answers = await Promise.all(
      alive.map((id) => this.#ask(id, { kind: 'requests', after: seen.get(id) ?? 0, limit, watchMs })),
    )
    const records: NamedRecord[] = []
    const silent: string[] = []
    let [isWatched, skipped] = [false, 0]
    for (const [at, id] of alive.entries()) {
      const answer = answers[at]
      if (answer?.kind !== 'requests') {
        if (!this.#past.has(id)) silent.push(id)
        continue
      }
      records.push(...answer.records.map((record) => named(id, record)))
      seen.set(id, answer.last)
      isWatched ||= answer.isWatched
      skipped += answer.skipped
    }
    for (const [id, past] of this.#past) {
      if (!isInstanceOf(id, worker) || answers[alive.indexOf(id)]?.kind === 'requests') continue
      const from = seen.get(id) ?? 0
      records.push(...past.filter(({ seq }) => seq > from).map((record) => named(id, record)))
      seen.set(id, Math.max(from, past.at(-1)?.seq ?? 0))
    }
    const latest = records.sort((one, other) => one.at - other.at || one.seq - other.seq).slice(-limit)
    return { records: latest, cursor: cursorOf(seen, worker), isWatched, skipped, silent }
  }

  /**
   * Finds a record by its own name (`reverse_proxy#1.42`) or by its request id, of which the latest counts.
   * Null if it is no longer kept.
   */
  async request(name: string): Promise<NamedRecord | null> {
    const [, instance, number] = /^([\w-]+#\d+)\.(\d{1,15})$/.exec(name) ?? []
    if (instance !== undefined) {
      const seq = Number(number)
      const answer = await this.#ask(instance, { kind: 'request', key: seq })
      const record =
        (answer?.kind === 'request' ? answer.record : null) ??
        this.#past.get(instance)?.find((one) => one.seq === seq)
      return record ? named(instance, record) : null
    }
    const found: NamedRecord[] = []
    const all = this.#parts.channels.all().map(({ id }) => id)
    const answers = await Promise.all(all.map((id) => this.#ask(id, { kind: 'request', key: name })))
    for (const [at, answer] of answers.entries()) {
      if (answer?.kind === 'request' && answer.record !== null)
        found.push(named(all[at] ?? '', answer.record))
    }
    for (const [id, past] of this.#past) {
      const record = past.findLast(({ requestId }) => requestId === name)
      if (record !== undefined) found.push(named(id, record))
    }
    return found.sort((one, other) => one.at - other.at).at(-1) ?? null
  }

  async connections(worker: string, limit: number): Promise<ConnectionPage> {
    const ids = this.#parts.channels.of(worker).map(({ id }) => id)
    const answers = await Promise.all(ids.map((id) => this.#ask(id, { kind: 'connections', limit })))
    const connections: OpenConnection[] = []
    const silent: string[] = []
    let open = 0
    for (const [at, id] of ids.entries()) {
      const answer = answers[at]
      if (answer?.kind !== 'connections') {
        silent.push(id)
        continue
      }
      open += answer.open
      connections.push(...answer.connections.map((one) => ({ ...one, id: `${id}.${one.id}`, instance: id })))
    }
    const oldest = connections.sort((one, other) => other.ageMs - one.ageMs).slice(0, limit)
    return { connections: oldest, open, silent }
  }

  /** Null: its instance does not answer; false: there is no such connection any more. */
  async close(name: string): Promise<boolean | null> {
    const [, instance = '', number] = /^([\w-]+#\d+)\.(\d{1,15})$/.exec(name) ?? []
    if (this.#parts.channels.get(instance) === undefined) return false
    const answer = await this.#ask(instance, { kind: 'close', connection: Number(number) })
    return answer?.kind === 'close' ? answer.isClosed : null
  }

  /** Takes an answer of an instance, or the failures that an ending instance leaves. */
  heard(instance: string, message: Extract<FromInstance, { type: 'answer' | 'failures' }>): void {
    if (message.type === 'answer') {
      const pending = this.#pending.get(message.id)
      if (pending?.instance === instance) pending.resolve(message.answer)
      return
    }
    this.#past.delete(instance)
    this.#past.set(instance, message.records)
    for (const id of this.#past.keys()) {
      if (this.#past.size <= maxPast) break
      this.#past.delete(id)
    }
  }

  /** An instance has ended: its pending questions get null. */
  ended(instance: string): void {
    for (const pending of this.#pending.values()) if (pending.instance === instance) pending.resolve(null)
  }

  async #ask(instance: string, question: TrafficQuestion): Promise<TrafficAnswer | null> {
    const channel = this.#parts.channels.get(instance)
    if (channel === undefined || this.#pending.size >= maxPending) return null
    const id = ++this.#asked
    const { promise, resolve } = Promise.withResolvers<TrafficAnswer | null>()
    const timer = setTimeout(resolve, this.#parts.timeoutMs ?? 1_000, null)
    this.#pending.set(id, { instance, resolve })
    try {
      channel.post({ type: 'ask', id, question })
      return await promise
    } finally {
      clearTimeout(timer)
      this.#pending.delete(id)
    }
  }
}

const named = (instance: string, record: TrafficRecord): NamedRecord => ({
  ...record,
  id: `${instance}.${record.seq}`,
  instance,
})

/** `1:42,2:7`: generation and number of the latest record of each instance. */
function cursorOf(seen: ReadonlyMap<string, number>, worker: string): string {
  const parts = [...seen].filter(([id]) => isInstanceOf(id, worker)).slice(-32)
  return parts.map(([id, last]) => `${id}:${last}`).join(',')
}

function readCursor(text: string): Map<string, number> {
  const parts = text.split(',').flatMap((part) => {
    const [, id, last] = /^([\w-]+#\d+):(\d{1,15})$/.exec(part) ?? []
    return id === undefined ? [] : [[id, Number(last)] as const]
  })
  return new Map(parts)
}
