/** An unordered list whose members know their own index. */

/** An entry of the list, which knows its own index; -1 if it is not in the list. */
export interface Placed {
  place: number
}

/**
 * Members in no particular order. Not a Set: the tables of a Set link to the ones that replace them, so a used table in the old
 * generation keeps all later ones alive, with every member in them, until the next full collection; each scavenge then promoted a
 * quarter of its space.
 */
export class PlacedList<E extends Placed> {
  readonly all: E[] = []

  add(one: E): void {
    one.place = this.all.length
    this.all.push(one)
  }

  /** Does nothing if it is not in the list. */
  delete(one: E): void {
    const { place } = one
    if (place < 0) return
    one.place = -1
    const last = this.all.pop()
    if (last === undefined || last === one) return
    this.all[place] = last
    last.place = place
  }
}
