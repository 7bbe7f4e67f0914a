/** The card of a worker on the overview. */
import { Bar } from '../elements/bar.ts'
import { h, setText } from '../elements/dom.ts'
import { bytes, countText, millisecondsText, share } from '../elements/format.ts'
import { Spark } from '../elements/spark.ts'
import { actionButtons } from '../shell/actions.ts'
import { addressOf } from '../shell/address.ts'
import type { Worker } from '../shell/data.ts'
import type { UsagePoint } from '../shell/store.ts'
import type { Page } from '../shell/view.ts'

/** One worker: health with reasons, limit usage, performance and operator actions. */
export class WorkerCard {
  readonly root: HTMLElement
  readonly #page: Page
  readonly #kind = h('span', { class: 'kind' })
  readonly #health = h('span', { class: 'pill' })
  readonly #reasons = h('p', { class: 'reasons' })
  readonly #link: HTMLAnchorElement
  readonly #acts = h('div', { class: 'acts' })
  readonly #connections = new Bar('Connections')
  readonly #memory = new Bar('Memory')
  readonly #cpu = new Bar('CPU')
  readonly #rate = new Spark('Requests/s')
  readonly #latency = new Spark('p50 · p99', 2)
  readonly #errors = new Spark('Errors')
  readonly #restarts = new Spark('Restarts')
  #limits = ''

  constructor(name: string, page: Page) {
    this.#page = page
    this.#link = h('a', {}, name)
    this.root = h(
      'article',
      { class: 'card', 'data-worker': name },
      h('div', { class: 'card-head' }, h('h2', {}, this.#link), this.#kind, this.#health),
      this.#reasons,
      h('div', { class: 'bars' }, this.#connections.root, this.#memory.root, this.#cpu.root),
      h(
        'div',
        { class: 'sparks' },
        this.#rate.root,
        this.#latency.root,
        this.#errors.root,
        this.#restarts.root,
      ),
      this.#acts,
    )
  }

  show(worker: Worker, points: readonly UsagePoint[]): void {
    const { limits, use } = worker
    this.#link.href = addressOf('charts', [`supervisor:${worker.worker}`])
    const shared = worker.worker === worker.name ? '' : ` in ${worker.worker}`
    const instances = `${worker.instances} ${worker.isolation}${worker.instances === 1 ? '' : 's'}`
    setText(this.#kind, `${worker.type}${shared} · ${instances}`)
    setText(this.#health, worker.health)
    this.#health.dataset['health'] = worker.health
    setText(this.#reasons, worker.reasons.join(' · '))
    this.#reasons.hidden = worker.reasons.length === 0
    const maxBytes = limits.max_memory_mb * 1024 * 1024
    this.#connections.show(
      use.connections,
      limits.max_connections,
      `${countText(use.connections)} / ${countText(limits.max_connections)}`,
    )
    this.#memory.show(use.memory_bytes, maxBytes, `${bytes(use.memory_bytes)} / ${bytes(maxBytes)}`)
    this.#cpu.show(
      use.cpu_percent,
      limits.max_cpu_percent,
      `${countText(use.cpu_percent)} / ${countText(limits.max_cpu_percent)} %`,
    )
    this.#showGraphs(worker, points)
    this.#showActs(worker)
  }

  #showGraphs(worker: Worker, points: readonly UsagePoint[]): void {
    const series = (of: (worker: Worker) => number) => points.map((point) => of(point.worker))
    this.#rate.show([series((one) => one.requests_per_sec)], countText(worker.requests_per_sec), 1)
    const latency =
      worker.p50_ms === null || worker.p99_ms === null ? '–' : millisecondsText(worker.p50_ms, worker.p99_ms)
    this.#latency.show([series((one) => one.p50_ms ?? 0), series((one) => one.p99_ms ?? 0)], latency, 1)
    this.#errors.show([series((one) => one.error_rate)], share(worker.error_rate), 0.05)
    const least = Math.min(...series((one) => one.restarts))
    this.#restarts.show([series((one) => one.restarts - least)], countText(worker.restarts), 2)
  }

  /** Rebuild the buttons only when the limits they contain have changed. */
  #showActs(worker: Worker): void {
    const limits = JSON.stringify(worker.limits)
    if (limits === this.#limits) return
    this.#limits = limits
    this.#acts.replaceChildren(...actionButtons(this.#page, worker))
  }
}
