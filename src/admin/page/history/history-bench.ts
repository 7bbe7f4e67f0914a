/** The history view: moves, a moment and its chart. */
import { ActorPicker } from '../actors/actor-picker.ts'
import { litStates } from '../chart/lit.ts'
import { mermaidOf } from '../chart/mermaid.ts'
import { pictureOf } from '../chart/picture.ts'
import { h } from '../elements/dom.ts'
import { download, fileName } from '../elements/download.ts'
import { bytes } from '../elements/format.ts'
import type { Move } from '../shell/data.ts'
import type { Page } from '../shell/view.ts'
import { type HistoryActs, historyBar } from './history-bar.ts'
import { MoveSource } from './journal.ts'
import { MomentPane } from './moment-pane.ts'
import { MoveFilter } from './move-filter.ts'
import { MoveList } from './move-list.ts'
import { type HistoryFile, historyFile, readHistoryFile } from './replay.ts'
import { Stepper } from './stepper.ts'

/** The same limit as in `bifrost charts view`. */
const maxFileBytes = 64 * 1024 * 1024

const actorsOf = ({ actors }: HistoryFile) => new Map(actors.map((actor) => [actor.id, actor]))

/** The history view: the move list, the stepper, the selected moment and the toolbar. */
export class HistoryBench {
  readonly #page: Page
  readonly #journal: MoveSource
  readonly #filter = new MoveFilter(() => this.#draw())
  readonly #list: MoveList
  readonly #stepper = new Stepper((index) => this.#goto(this.#moves[index]))
  readonly #moment: MomentPane
  readonly #picker: ActorPicker
  readonly #bar: ReturnType<typeof historyBar>
  readonly #ending = new AbortController()
  #actor = ''
  /** Sequence number of the selected move; null follows the latest. */
  #seq: number | null = null
  #moves: readonly Move[] = []
  #frame = 0
  /** Server path of the replayed file, if it came from the server. */
  #path: string | null = null

  constructor(root: HTMLElement, page: Page) {
    this.#page = page
    this.#journal = new MoveSource(page)
    this.#moment = new MomentPane(page)
    this.#list = new MoveList((move) => this.#goto(move))
    this.#picker = new ActorPicker(page, '', (id) => this.#go(id), 'All actors')
    this.#bar = historyBar(this.#acts())
    root.append(
      h(
        'div',
        { class: 'view-head' },
        h('h1', {}, 'History'),
        this.#picker.root,
        this.#filter.root,
        this.#bar.root,
      ),
      this.#bar.banner,
      h(
        'div',
        { class: 'history-layout' },
        this.#list.root,
        h('div', { class: 'moment-side' }, this.#stepper.root, this.#moment.root),
      ),
    )
    const { signal } = this.#ending
    page.store.addEventListener('change', () => this.#later(), { signal })
    page.store.addEventListener(
      'reset',
      () => {
        this.#journal.forget()
        void this.#load()
      },
      { signal },
    )
  }

  show(actor: string, query: URLSearchParams): void {
    const seq = query.get('seq')
    const isOther = this.#actor !== actor
    this.#actor = actor
    this.#seq = seq === null || !/^\d+$/.test(seq) ? null : Number(seq)
    this.#picker.chosen = actor
    const file = query.get('file')
    if (file !== null && this.#path === null) void this.#openAt(file)
    else if (isOther || this.#moves.length === 0) void this.#load()
    this.#draw()
  }

  close(): void {
    this.#ending.abort()
    cancelAnimationFrame(this.#frame)
    this.#stepper.close()
    this.#moment.close()
  }

  async #load(): Promise<void> {
    if (this.#path !== null) return
    await this.#journal.load(this.#actor, this.#ending.signal)
    this.#draw()
  }

  #later(): void {
    if (this.#journal.file !== null) return
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0
      this.#picker.show()
      this.#draw()
    })
  }

  #goto(move: Move | undefined): void {
    if (move === undefined) return
    this.#go(this.#actor, { seq: String(move.seq) }, true)
  }

  /** Keep a server file in the address, so that a page reload shows it again. */
  #go(actor: string, query: Readonly<Record<string, string>> = {}, replace = false): void {
    const file: Record<string, string> = this.#path === null ? {} : { file: this.#path }
    this.#page.go('history', actor === '' ? [] : [actor], { ...query, ...file }, replace)
  }

  #draw(): void {
    if (this.#ending.signal.aborted) return
    this.#moves = this.#filter.of(this.#journal.moves(this.#actor))
    const last = this.#moves.length - 1
    const found = this.#seq === null ? last : this.#moves.findLastIndex(({ seq }) => seq <= (this.#seq ?? 0))
    const index = Math.max(found, Math.min(0, last))
    const move = this.#moves[index]
    this.#list.root.classList.toggle('one-actor', this.#actor !== '')
    this.#list.show(this.#moves, move?.seq ?? null)
    this.#stepper.show(index, this.#moves.length, move === undefined ? '' : `${move.actor}: ${move.to}`)
    this.#moment.show(move, move === undefined ? null : this.#journal.chartOf(move), this.#seq === null)
    this.#bar.show(this.#journal.file, this.#seq === null)
  }

  #acts(): HistoryActs {
    return {
      follow: () => this.#go(this.#actor),
      copyLink: () => void this.#copyLink(),
      exportJson: () => {
        const now = this.#page.store.now()
        const named = new Set(this.#journal.moves(this.#actor).map(({ actor }) => actor))
        const actors = this.#journal
          .actors()
          .filter(({ id }) => this.#actor === '' || named.has(id) || id === this.#actor)
        const file = historyFile(
          this.#journal.file?.exported ?? Math.round(now),
          actors,
          this.#journal.moves(this.#actor),
        )
        download(`${this.#name()}.json`, 'application/json', `${JSON.stringify(file, null, 1)}\n`)
      },
      exportMermaid: () => void this.#exportChart('mermaid'),
      exportSvg: () => void this.#exportChart('svg'),
      open: (file) => void this.#openFile(file),
      leaveFile: () => {
        this.#journal.file = null
        this.#path = null
        this.#picker.use(null)
        this.#page.go('history', [])
        void this.#load()
      },
    }
  }

  async #openFile(file: File): Promise<void> {
    if (file.size > maxFileBytes) {
      this.#page.say(`${file.name} cannot be replayed: it is larger than ${bytes(maxFileBytes)}.`)
      return
    }
    this.#replay(file.name, await file.text())
  }

  async #openAt(path: string): Promise<void> {
    this.#path = path
    // Same origin only; the content security policy allows no other.
    const response = await fetch(new URL(path, location.origin).pathname, { signal: this.#ending.signal })
    this.#replay(path, await response.text(), this.#seq !== null)
  }

  /** `isPlaced` is true if the address already names a moment of the file. */
  #replay(name: string, text: string, isPlaced = false): void {
    const before = this.#journal.file
    try {
      const file = readHistoryFile(text)
      this.#journal.file = file
      this.#picker.use(actorsOf(file))
      if (!isPlaced) this.#go('', { seq: String(file.moves[0]?.seq ?? 0) })
      this.#draw()
    } catch (error) {
      // If the file cannot be shown, keep the previous one.
      this.#journal.file = before
      this.#picker.use(before === null ? null : actorsOf(before))
      this.#page.say(`${name} cannot be replayed: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  async #exportChart(kind: 'mermaid' | 'svg'): Promise<void> {
    const shown = this.#moment.shown
    if (shown === null) {
      this.#page.say('There is no chart to export at this moment.')
      return
    }
    const { file, move } = shown
    if (kind === 'mermaid') {
      download(`${this.#name()}.mmd`, 'text/plain', mermaidOf(file.chart, litStates(file, move.to)))
    } else {
      download(`${this.#name()}.svg`, 'image/svg+xml', await pictureOf(file, move.to, move.edges))
    }
  }

  async #copyLink(): Promise<void> {
    const seq = this.#seq ?? this.#moves.at(-1)?.seq
    const asked = seq === undefined ? '' : `?seq=${seq}`
    const link = `${location.origin}/${location.hash.replace(/\?.*$/s, '')}${asked}`
    try {
      await navigator.clipboard.writeText(link)
      this.#page.say('A link to this moment was copied.')
    } catch {
      this.#page.say(link)
    }
  }

  #name(): string {
    const of = this.#actor === '' ? 'all' : fileName(this.#actor)
    return this.#seq === null ? `bifrost-${of}` : `bifrost-${of}-${this.#seq}`
  }
}
