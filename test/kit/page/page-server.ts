/** A server for the page that replaces the daemon with data from the test. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { z } from 'zod'
import type { actor, actorDetail, move, worker } from '../../../src/admin/api/schema/schema.ts'
import { securityHeaders } from '../../../src/admin/gate/security-headers.ts'
import { pageFileAt } from '../../../src/admin/page-files.ts'

export type FixtureActor = z.infer<typeof actor>
export type FixtureMove = z.infer<typeof move>
export type FixtureWorker = z.infer<typeof worker>
export type FixtureDetail = z.infer<typeof actorDetail>

export function fixtureActor(
  id: string,
  chart: string,
  parent: string | null,
  state: string,
  worker: string | null = null,
): FixtureActor {
  return { id, chart, parent, worker, state, since: Date.now() - 61_000, cause: 'xstate.init', gone: null }
}

export function fixtureWorker(
  name: string,
  type: FixtureWorker['type'],
  more: Partial<FixtureWorker> = {},
): FixtureWorker {
  return {
    name,
    worker: name,
    type,
    proxy_type: { forward: 'ForwardProxy', reverse: 'ReverseProxy', static: 'StaticFiles' }[type],
    isolation: 'thread',
    instances: 1,
    health: 'Healthy',
    reasons: [],
    limits: { max_connections: 1000, max_memory_mb: 512, max_cpu_percent: 50 },
    use: { connections: 128, memory_bytes: 41_000_000, cpu_percent: 7.4, loop_utilization: 0.1 },
    requests_total: 120_000,
    requests_per_sec: 312,
    p50_ms: 0.84,
    p99_ms: 6.2,
    error_rate: 0,
    restarts: 0,
    ...more,
  }
}

/** The actors of the demonstration's daemon. */
export function fixtureActors(): FixtureActor[] {
  const workers = ['forward_proxy', 'reverse_proxy', 'static_files']
  return [
    fixtureActor('daemon', 'daemon', null, 'running'),
    ...workers.flatMap((name) => [
      fixtureActor(`supervisor:${name}`, 'supervisor', 'daemon', 'supervising.steady', name),
      fixtureActor(`${name}#1`, 'instance', `supervisor:${name}`, 'running.alive', name),
      fixtureActor(`${name}#1/${name.split('_')[0]}`, 'worker', `${name}#1`, 'accepting', name),
      fixtureActor(`listener:${name}/0/0`, 'listener', 'daemon', 'delegated', name),
    ]),
  ]
}

/**
 * Serves the page with data from the test instead of a daemon, for states that a real daemon does not show on
 * demand.
 */
export class PageServer {
  readonly actors = new Map<string, FixtureActor>()
  readonly workers: FixtureWorker[] = []
  readonly moves: FixtureMove[] = []
  /** Answers all other requests to the interface; null leaves them without an answer. */
  further: (req: IncomingMessage) => Promise<{ readonly status: number; readonly text: string }> | null =
    () => null
  details: (id: string) => Partial<FixtureDetail> = () => ({})
  readonly #server = createServer((req, res) => {
    const told = this.further(req)
    const answering =
      told === null
        ? this.#answer(new URL(req.url ?? '/', 'http://page'), req.headers['last-event-id']?.toString(), res)
        : told.then(({ status, text }) => {
            res.writeHead(status, { 'Content-Type': 'application/json' }).end(text)
          })
    answering.catch(() => res.destroy())
  })
  readonly #viewers = new Set<ServerResponse>()
  #seq = 0

  constructor(actors: readonly FixtureActor[] = fixtureActors(), workers: readonly FixtureWorker[] = []) {
    for (const one of actors) this.actors.set(one.id, one)
    this.workers.push(...workers)
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  /** Moves an actor and notifies every viewer. */
  move(
    actor: string,
    event: string,
    to: string,
    edges: readonly string[],
    more: Partial<FixtureMove> = {},
  ): FixtureMove {
    const known = this.actors.get(actor)
    const at = more.at ?? Date.now()
    const ignored = more.ignored ?? false
    const one: FixtureMove = {
      seq: ++this.#seq,
      at,
      actor,
      chart: known?.chart ?? null,
      event,
      sender: null,
      from: known?.state ?? null,
      to,
      edges: [...edges],
      diff: null,
      skipped: 0,
      ...more,
      ignored,
    }
    this.moves.push(one)
    if (known && !ignored) this.actors.set(actor, { ...known, state: to, since: at, cause: event })
    this.#tell('move', one, one.seq)
    return one
  }

  /** Adds or removes an actor and notifies every viewer. */
  arrive(actor: FixtureActor, what: 'came' | 'gone' = 'came'): void {
    this.actors.set(actor.id, actor)
    this.#seq += 1
    this.#tell('actor', { seq: this.#seq, at: Date.now(), what, actor }, this.#seq)
  }

  sample(): void {
    this.#tell('sample', { at: Date.now(), workers: this.workers, instances: [] })
  }

  /** Disconnects the streams of all viewers. */
  breakOff(): void {
    for (const viewer of this.#viewers) viewer.destroy()
  }

  #overview() {
    return { at: Date.now(), seq: this.#seq, actors: [...this.actors.values()], workers: this.workers }
  }

  #tell(event: string, data: unknown, id?: number): void {
    for (const viewer of this.#viewers) this.#write(viewer, event, data, id)
  }

  #write(viewer: ServerResponse, event: string, data: unknown, id?: number): void {
    viewer.write(`event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`)
  }

  async #answer(url: URL, lastId: string | undefined, res: ServerResponse): Promise<void> {
    const { pathname } = url
    const file = await pageFileAt(pathname)
    if (file) {
      res.writeHead(200, { ...securityHeaders, 'Content-Type': file.type }).end(file.bytes)
      return
    }
    if (pathname === '/api/events') {
      this.#stream(url.searchParams.get('last_event_id') ?? lastId, res)
      return
    }
    const [, chart] = /^\/api\/charts\/([\w-]+)$/.exec(pathname) ?? []
    const drawn = chart === undefined ? undefined : await pageFileAt(`/page/charts/${chart}.json`)
    const body = drawn ? drawn.bytes.toString() : this.#json(pathname)
    res.writeHead(body === null ? 404 : 200, { 'Content-Type': 'application/json' })
    res.end(body ?? '{"error":"not found"}')
  }

  #stream(lastId: string | undefined, res: ServerResponse): void {
    res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
    this.#viewers.add(res)
    res.on('close', () => this.#viewers.delete(res))
    if (lastId === undefined) {
      this.#write(res, 'reset', { ...this.#overview(), reason: 'first' }, this.#seq)
      return
    }
    for (const one of this.moves) if (one.seq > Number(lastId)) this.#write(res, 'move', one, one.seq)
    this.#write(res, 'sample', { at: Date.now(), workers: this.workers, instances: [] })
  }

  #json(pathname: string): string | null {
    if (pathname === '/api/overview') return JSON.stringify(this.#overview())
    const [, id = '', part] = /^\/api\/actors\/([^/]+)(\/history)?$/.exec(pathname) ?? []
    const known = this.actors.get(decodeURIComponent(id))
    if (known === undefined) return null
    const moves = this.moves.filter(({ actor: of }) => of === known.id)
    if (part !== undefined) return JSON.stringify({ actor: known, moves, complete: true, next: null })
    const live = { timers: [], next: [] }
    return JSON.stringify({
      ...known,
      seq: moves.at(-1)?.seq ?? 0,
      context: {},
      live,
      ...this.details(known.id),
    })
  }
}
