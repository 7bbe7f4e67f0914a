/**
 * Answers the traffic operations. Without the token, users and query strings are masked; credentials in URLs
 * are always masked.
 */

import type { z } from 'zod'
import { innerChartId, workerOfInstance } from '../../../../actors/ids.ts'
import { type Positions, positionOf, type SettingPosition } from '../../../config/positions.ts'
import type { WorkerSettings } from '../../../config/settings/settings.ts'
import { canonicalAddress } from '../../../http/address/address.ts'
import type { ExplainedRequest, Explanation } from '../../../proxy/explain/explain.ts'
import type { Journal } from '../../../supervise/journal/journal.ts'
import type { NamedRecord, OpenConnection, TrafficDesk } from '../../../supervise/views/traffic-desk.ts'
import { maskStart } from '../../../telemetry/access-log/escape.ts'
import type { Log } from '../../../telemetry/log/log.ts'
import { terminationWords } from '../../../telemetry/termination-words.ts'
import { type Answer, json } from '../../answer.ts'
import type { trafficOperations } from '../operations/traffic.ts'
import type * as answers from '../schema/traffic.ts'
import { type ChainLink, whyChain } from './why.ts'

export interface TrafficParts {
  readonly workers: readonly WorkerSettings[]
  /** Ports on which the daemon listens now. */
  readonly ownPorts: () => readonly number[]
  /** Undefined without a configuration text. */
  readonly positions: Positions | undefined
  readonly desk: TrafficDesk
  readonly journal: Pick<Journal, 'history'>
  readonly log: Log
  /** Sends an event to the chart of an instance, so that an operator's action appears in its history. */
  readonly tellChart: (actor: string, event: { readonly type: 'op.close_connection' }) => void
}

type Query<Name extends keyof typeof trafficOperations> = (typeof trafficOperations)[Name] extends {
  readonly query: infer Schema extends z.ZodType
}
  ? z.output<Schema>
  : never

/** How long all exchanges are recorded after a request of a watching viewer. */
const watchMs = 5_000

export class TrafficApi {
  readonly #parts: TrafficParts

  constructor(parts: TrafficParts) {
    this.#parts = parts
  }

  /** `isTrusted` is true if the request carries the admin token. */
  async explain(asked: Query<'explainRequest'>, isTrusted: boolean): Promise<Answer> {
    const { worker: name, method, url, host, client, user, length } = asked
    if (user !== undefined && !isTrusted)
      return json(
        401,
        { error: 'a request with a user needs the admin token' },
        { 'WWW-Authenticate': 'Bearer' },
      )
    const workers = this.#parts.workers.filter((worker) => name === undefined || worker.name === name)
    if (workers.length === 0) return json(404, { error: 'there is no worker with this name' })
    const { explain } = await import('../../../proxy/explain/explain.ts')
    const question: ExplainedRequest = {
      method,
      url,
      host,
      client: canonicalAddress(client) ?? client,
      user: user ?? null,
      length,
    }
    const ports = this.#parts.ownPorts()
    const answer: answers.Explanations = {
      explanations: workers.map((worker) => this.#shown(explain(question, worker, ports))),
    }
    return json(200, answer)
  }

  async requests(asked: Query<'listRequests'>, isTrusted: boolean): Promise<Answer> {
    const { worker, after, limit, watch } = asked
    if (this.#worker(worker) === undefined) return json(404, { error: 'there is no worker with this name' })
    const page = await this.#parts.desk.requests(worker, {
      after,
      limit,
      watchMs: watch === '1' ? watchMs : 0,
    })
    const answer: answers.TrafficPage = {
      worker,
      requests: page.records.map((record) => shownRecord(masked(record, isTrusted))),
      after: page.cursor,
      watched: page.isWatched,
      skipped: page.skipped,
      silent: [...page.silent],
    }
    return json(200, answer)
  }

  async request(id: string, isTrusted: boolean): Promise<Answer> {
    const found = await this.#parts.desk.request(id)
    if (found === null) return json(404, { error: 'this request is not remembered' })
    const worker = this.#worker(workerOfInstance(found.instance))
    if (worker === undefined) return json(404, { error: 'its worker does not exist any more' })
    const record = masked(found, isTrusted)
    const explained = await explanationOf(record, found.user, worker, this.#parts.ownPorts())
    const actor = innerChartId(found.instance, found.service ?? worker.type)
    const moves = this.#parts.journal.history(actor)?.moves ?? []
    const answer: answers.Reasons = {
      request: shownRecord(record),
      ended: terminationWords(record.termination),
      chain: whyChain({ record, worker, actor, moves, explanation: explained }).map((link) =>
        this.#link(link),
      ),
      explanation: explained === null ? null : this.#shown(explained),
    }
    return json(200, answer)
  }

  async connections(asked: Query<'listConnections'>, isTrusted: boolean): Promise<Answer> {
    const { worker, limit } = asked
    if (this.#worker(worker) === undefined) return json(404, { error: 'there is no worker with this name' })
    const page = await this.#parts.desk.connections(worker, limit)
    const answer: answers.Connections = {
      worker,
      connections: page.connections.map((one) => shownConnection(one, isTrusted)),
      open: page.open,
      silent: [...page.silent],
    }
    return json(200, answer)
  }

  /** `by` names the caller in the log. */
  async close(id: string, by: string): Promise<Answer> {
    const isClosed = await this.#parts.desk.close(id)
    if (isClosed === null) return json(504, { error: 'its instance did not answer in time' })
    if (!isClosed) return json(404, { error: 'this connection does not exist any more' })
    const instance = id.slice(0, id.lastIndexOf('.'))
    this.#parts.log('info', 'connection closed', { instance, connection: id, by })
    this.#parts.tellChart(instance, { type: 'op.close_connection' })
    const answer: answers.ConnectionClosed = { id, closed: true }
    return json(200, answer)
  }

  #worker(name: string): WorkerSettings | undefined {
    return this.#parts.workers.find((worker) => worker.name === name)
  }

  #place(setting: string | null): answers.ConfigPlace | null {
    const { positions } = this.#parts
    const found: SettingPosition | null =
      setting === null || positions === undefined ? null : positionOf(positions, setting)
    if (found === null) return null
    const { file, line, column, path, isWritten } = found
    return { file, line, column, path, written: isWritten }
  }

  #shown({ worker, outcome, steps }: Explanation): answers.Explanation {
    const shown = steps.map(({ about, text, setting, isRefusal }) => ({
      about,
      text,
      setting,
      place: this.#place(setting),
      refuses: isRefusal,
    }))
    return { worker, outcome, steps: shown }
  }

  #link(link: ChainLink): answers.Reasons['chain'][number] {
    return { ...link, place: this.#place(link.setting) }
  }
}

/** Explains what the worker would do with the same request; null if there was no request. */
async function explanationOf(
  record: NamedRecord,
  user: string | null,
  worker: WorkerSettings,
  ownPorts: readonly number[],
): Promise<Explanation | null> {
  const { method, target, host, client, version, length, isUpgrade } = record
  if (method === null || target === null) return null
  const { explain } = await import('../../../proxy/explain/explain.ts')
  const question: ExplainedRequest = {
    method,
    url: target,
    host: host ?? undefined,
    client,
    user,
    shownUser: record.user ?? '',
    version,
    length: length ?? undefined,
    isUpgrade,
    isMisnamed: record.code === 'BAD_FORWARDED',
  }
  return explain(question, worker, ownPorts)
}

const stars = '***'

/** Masks a record for a caller. */
function masked(record: NamedRecord, isTrusted: boolean): NamedRecord {
  return {
    ...record,
    target: shownTarget(record.target, isTrusted),
    host: record.host === null ? null : withoutUser(record.host),
    user: shownUser(record.user, isTrusted),
  }
}

function shownTarget(target: string | null, isTrusted: boolean): string | null {
  if (target === null) return null
  const plain = withoutUser(target)
  const query = plain.indexOf('?')
  return isTrusted || query === -1 ? plain : `${plain.slice(0, query)}?${stars}`
}

const shownUser = (user: string | null, isTrusted: boolean): string | null =>
  user === null || isTrusted ? user : stars

/** Masks the password in an authority or in that of a URL. A path has none. */
function withoutUser(target: string): string {
  const start = /^(?:[a-z][a-z\d+.-]*:)?\/\//i.exec(target)?.[0].length ?? 0
  return target.slice(0, start) + maskStart(target.slice(start))
}

function shownRecord(record: NamedRecord): answers.TrafficRecord {
  const { version } = record
  return {
    id: record.id,
    instance: record.instance,
    at: record.at,
    request_id: record.requestId,
    service: record.service as answers.TrafficRecord['service'],
    client: record.client,
    user: record.user,
    method: record.method,
    target: record.target,
    host: record.host,
    version: version === 0 ? null : version === 20 ? '2' : `${Math.floor(version / 10)}.${version % 10}`,
    status: record.status,
    code: record.code,
    termination: record.termination,
    state: record.state,
    upstream: record.upstream,
    attempts: record.attempts,
    connect_ms: record.connectMs,
    answer_ms: record.answerMs,
    duration_ms: record.durationMs,
    received: record.received,
    sent: record.sent,
  }
}

function shownConnection(one: OpenConnection, isTrusted: boolean): answers.ConnectionRow {
  const { ageMs, ...rest } = one
  return {
    ...rest,
    age_ms: ageMs,
    target: shownTarget(one.target, isTrusted),
    user: shownUser(one.user, isTrusted),
  }
}
