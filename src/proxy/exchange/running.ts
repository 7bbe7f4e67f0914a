/** The list of running exchanges. */

/** An entry of the list, which knows its own index; -1 if it is not in the list. */
export interface Placed {
  place: number
}

/**
 * Running exchanges in no particular order. Not a Set: the tables of a Set link to the ones that replace them, so a used table in the old
 * generation keeps all later ones alive, with every exchange in them, until the next full collection; each scavenge then promoted a
 * quarter of its space.
 */
export class Running<E extends Placed> {
  readonly all: E[] = []

  add(exchange: E): void {
    exchange.place = this.all.length
    this.all.push(exchange)
  }

  /** Does nothing if the exchange is not in the list. */
  delete(exchange: E): void {
    const { place } = exchange
    if (place < 0) return
    exchange.place = -1
    const last = this.all.pop()
    if (last === undefined || last === exchange) return
    this.all[place] = last
    last.place = place
  }
}
