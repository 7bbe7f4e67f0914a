/** Requests to the admin interface. */
import type { ChartFile } from '../chart/model.ts'
import type { ActorDetail, ActorHistory } from './data.ts'

/** An error answer of the daemon, with the daemon's own text. */
export class ErrorAnswer extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

const tokenKey = 'bifrost-token'

async function failureOf(response: Response): Promise<ErrorAnswer> {
  const text = await response.text()
  try {
    const body = JSON.parse(text) as { readonly error?: unknown; readonly problems?: unknown }
    const said = Array.isArray(body.problems) ? body.problems.map(String).join('; ') : body.error
    return new ErrorAnswer(response.status, said === undefined ? text : String(said))
  } catch {
    return new ErrorAnswer(response.status, text === '' ? response.statusText : text.slice(0, 300))
  }
}

/**
 * Sends requests to the daemon. The token lives in this tab only and goes with every request that changes
 * something.
 */
export class Client {
  readonly #charts = new Map<string, Promise<ChartFile | null>>()

  get token(): string {
    return sessionStorage.getItem(tokenKey) ?? ''
  }

  set token(token: string) {
    if (token === '') sessionStorage.removeItem(tokenKey)
    else sessionStorage.setItem(tokenKey, token)
  }

  /** Throws `ErrorAnswer` for an error answer. */
  async get<Answer>(path: string, signal?: AbortSignal): Promise<Answer> {
    // Some answers contain more fields when the request carries the token.
    const trusted = this.token === '' ? {} : { Authorization: `Bearer ${this.token}` }
    const headers = { Accept: 'application/json', ...trusted }
    const response = await fetch(path, { headers, ...(signal && { signal }) })
    if (!response.ok) throw await failureOf(response)
    return (await response.json()) as Answer
  }

  /** Throws `ErrorAnswer` for an error answer. */
  async send<Answer>(method: 'POST' | 'PATCH', path: string, body?: unknown): Promise<Answer> {
    const response = await fetch(path, {
      method,
      headers: {
        Authorization: `Bearer ${this.token}`,
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    if (!response.ok) throw await failureOf(response)
    const text = await response.text()
    return (text === '' ? null : JSON.parse(text)) as Answer
  }

  /** Opens a cookie session, because the live stream cannot send the token. Throws `ErrorAnswer`. */
  async openSession(): Promise<void> {
    await this.send('POST', '/api/session')
  }

  actor(id: string, signal?: AbortSignal): Promise<ActorDetail> {
    return this.get(`/api/actors/${encodeURIComponent(id)}`, signal)
  }

  /** Every move of an actor that the journal still has. */
  async history(id: string, signal?: AbortSignal): Promise<ActorHistory> {
    const path = `/api/actors/${encodeURIComponent(id)}/history`
    let page = await this.get<ActorHistory>(path, signal)
    const moves = [...page.moves]
    for (let pages = 0; page.next !== null && pages < 20; pages++) {
      page = await this.get<ActorHistory>(`${path}?after=${page.next}`, signal)
      moves.push(...page.moves)
    }
    return { ...page, moves }
  }

  /** Loads a chart and its layout; null if there is no file for this machine. */
  chart(name: string): Promise<ChartFile | null> {
    const known = this.#charts.get(name)
    if (known !== undefined) return known
    const loading = this.get<ChartFile>(`/api/charts/${encodeURIComponent(name)}`).catch((error: unknown) => {
      // Cache only a definite answer: forget the request unless it was a 404.
      if (!(error instanceof ErrorAnswer && error.status === 404)) this.#charts.delete(name)
      return null
    })
    this.#charts.set(name, loading)
    return loading
  }
}
