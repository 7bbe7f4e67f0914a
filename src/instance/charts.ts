/**
 * Reports the charts of an instance to main: each move, from the chart's own `report`, and events that a chart ignores, which only main
 * sends. There is no inspector: it would see every connection of the ledger too, at some 2 us each. A limited number of moves is sent at
 * once; of a storm beyond that, some follow in batches, always including the last.
 */
import type { AnyActorRef, AnyMachineSnapshot, AnyStateMachine } from 'xstate'
import { digestOf } from '../../actors/digest.ts'
import { edgesBetween } from '../../actors/edges.ts'
import { isLoadEvent } from '../../actors/ledger.ts'
import { liveChart } from '../../actors/live.ts'
import type { ChartStep } from '../../actors/steps.ts'
import type { ChartMove, FromInstance } from '../supervise/channel/channel.ts'

export interface ChartReportsOptions {
  readonly post: (message: FromInstance) => void
  readonly now?: () => number
  /** Up to `maxBatch` moves are sent at once in each period, and as many together at its end. */
  readonly periodMs?: number
  readonly maxBatch?: number
}

interface Chart {
  readonly actor: AnyActorRef
  readonly machine: AnyStateMachine
  state: string | null
  /** Arrows by states and event. */
  readonly arrows: Map<string, readonly string[]>
}

export class ChartReports {
  readonly #post: (message: FromInstance) => void
  readonly #now: () => number
  readonly #periodMs: number
  readonly #maxBatch: number
  readonly #charts = new Map<string, Chart>()
  #waiting: ChartMove[] = []
  /** Moves sent at once in this period. */
  #sent = 0
  #timer: NodeJS.Timeout | null = null

  constructor({ post, now = Date.now, periodMs = 100, maxBatch = 20 }: ChartReportsOptions) {
    this.#post = post
    this.#now = now
    this.#periodMs = periodMs
    this.#maxBatch = maxBatch
  }

  /** Registers a chart before it is started. */
  add(name: string, actor: AnyActorRef, machine: AnyStateMachine): void {
    const chart: Chart = { actor, machine, state: null, arrows: new Map() }
    this.#charts.set(name, chart)
  }

  /** Reports that a chart has entered a state. */
  moved(name: string, state: string, event: string, context: unknown): void {
    const chart = this.#charts.get(name)
    if (chart === undefined) return
    const from = chart.state
    chart.state = state
    const edges = from === null ? [] : arrowsOf(chart, from, event, state)
    this.#push(stepOf(name, chart, { event, state, edges, context, isIgnored: false }))
  }

  /** Reports an event that a chart is about to ignore; call it before sending the event. */
  sending(name: string, event: { readonly type: string }): void {
    const chart = this.#charts.get(name)
    if (chart?.state == null) return
    const snapshot = chart.actor.getSnapshot() as AnyMachineSnapshot
    if (snapshot.status !== 'active' || snapshot.can(event)) return
    const { state } = chart
    this.#push(
      stepOf(name, chart, {
        event: event.type,
        state,
        edges: [],
        context: snapshot.context,
        isIgnored: true,
      }),
    )
  }

  answer(ask: number, name: string): void {
    const actor = this.#charts.get(name)?.actor
    this.#post({ type: 'chart.answer', ask, live: actor === undefined ? null : liveChart(actor) })
  }

  /** Sends the waiting moves. */
  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    this.#send()
  }

  #push(step: ChartStep): void {
    const move: ChartMove = { at: this.#now(), step, skipped: 0 }
    if (this.#timer === null) this.#wait()
    if (this.#sent < this.#maxBatch) {
      this.#sent += 1
      this.#post({ type: 'charts.moved', moves: [move] })
      return
    }
    const last = this.#waiting.at(-1)
    if (last === undefined || this.#waiting.length < this.#maxBatch) {
      this.#waiting.push(move)
      return
    }
    this.#waiting[this.#waiting.length - 1] = { ...move, skipped: last.skipped + 1 }
  }

  #wait(): void {
    this.#timer = setTimeout(() => {
      this.#timer = null
      this.#sent = 0
      if (this.#waiting.length === 0) return
      this.#sent = this.#maxBatch
      this.#send()
      this.#wait()
    }, this.#periodMs)
    this.#timer.unref()
  }

  #send(): void {
    if (this.#waiting.length > 0) this.#post({ type: 'charts.moved', moves: this.#waiting })
    this.#waiting = []
  }
}

/** Cached: a worker at its limit changes state with every connection. */
function arrowsOf({ arrows, machine }: Chart, from: string, event: string, to: string): readonly string[] {
  const key = `${from} ${event} ${to}`
  const known = arrows.get(key) ?? edgesBetween(machine, from, event, to)
  arrows.set(key, known)
  return known
}

/** Events about load come from the chart's ledger only. */
function stepOf(
  actor: string,
  { machine }: Chart,
  {
    context,
    ...step
  }: Pick<ChartStep, 'event' | 'state' | 'edges' | 'isIgnored'> & { readonly context: unknown },
): ChartStep {
  return {
    ...step,
    actor,
    chart: machine.id,
    parent: null,
    sender: isLoadEvent(step.event) ? `${actor}/ledger` : null,
    digest: digestOf(machine.id, context),
  }
}
