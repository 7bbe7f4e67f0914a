/** Keeps the store up to date from /api/events. */
import type { Move, Presence, Reset, Sample } from './data.ts'
import type { Store } from './store.ts'

/** Silence after which the connection counts as lost; the daemon sends a sample every second. */
const quietMs = 5_000
const againMs = 1_000

/**
 * The live stream: server-sent events that resume after a break (`Last-Event-ID`). The browser reconnects
 * automatically; this class reconnects when the browser gives up after an error answer or the stream goes
 * silent.
 */
export class Stream {
  readonly #store: Store
  readonly #mayRead: () => Promise<void>
  #source: EventSource | null = null
  #lastId = ''
  #timer = 0

  /** `mayRead` runs when the daemon rejects the stream and resolves when it is worth retrying. */
  constructor(store: Store, mayRead: () => Promise<void>) {
    this.#store = store
    this.#mayRead = mayRead
  }

  open(): void {
    this.close()
    const source = new EventSource(
      `/api/events${this.#lastId === '' ? '' : `?last_event_id=${encodeURIComponent(this.#lastId)}`}`,
    )
    this.#source = source
    this.#watch()
    this.#on<Reset>(source, 'reset', (reset) => this.#store.reset(reset, reset.reason === 'behind'))
    this.#on<Sample>(source, 'sample', (sample) => this.#store.sample(sample))
    this.#on<Move>(source, 'move', (move) => this.#store.move(move))
    this.#on<Presence>(source, 'actor', (presence) => this.#store.presence(presence))
    source.addEventListener('open', () => this.#alive())
    source.addEventListener('error', () => {
      this.#store.setLink('lost')
      if (source.readyState === EventSource.CLOSED) this.#refused()
    })
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#source?.close()
    this.#source = null
  }

  #refused(): void {
    clearTimeout(this.#timer)
    const again = () => this.#again(againMs)
    this.#mayRead().then(again, again)
  }

  #on<Data>(source: EventSource, name: string, take: (data: Data) => void): void {
    source.addEventListener(name, (event: MessageEvent<string>) => {
      this.#alive()
      if (event.lastEventId !== '') this.#lastId = event.lastEventId
      take(JSON.parse(event.data) as Data)
    })
  }

  #alive(): void {
    this.#store.setLink('live')
    this.#watch()
  }

  #watch(): void {
    this.#again(quietMs)
  }

  #again(afterMs: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#store.setLink('lost')
      this.open()
    }, afterMs)
  }
}
