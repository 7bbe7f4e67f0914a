import type { Exchange } from './exchange.ts'

/**
 * Exchanges that run. No Set: its tables link to the ones that replace them, so that a used one in the old generation keeps all
 * later ones alive, with every exchange in them, until the next full collection: each scavenge promoted a quarter of its space.
 */
export class Running {
  readonly all: Exchange[] = []

  add(exchange: Exchange): void {
    exchange.place = this.all.length
    this.all.push(exchange)
  }

  /** Does nothing for one that is not here. */
  delete(exchange: Exchange): void {
    const { place } = exchange
    if (place < 0) return
    exchange.place = -1
    const last = this.all.pop()
    if (last === undefined || last === exchange) return
    this.all[place] = last
    last.place = place
  }
}
