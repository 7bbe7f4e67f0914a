/**
 * Slots of a worker's instances, as pure functions on a roster. A slot has a current incarnation and, during
 * a replacement, the next one. An incarnation that has left its slot but has not ended yet is leaving.
 */
export interface Incarnation<Ref> {
  /** `reverse_proxy#3` */
  readonly id: string
  readonly ref: Ref
  /** Its signal aborts when the incarnation is over. */
  readonly scope: AbortController
}

export interface InstanceSlot<Ref> {
  readonly current: Incarnation<Ref> | null
  /** Whether the current one has been alive. */
  readonly isUp: boolean
  readonly next: Incarnation<Ref> | null
}

export interface Roster<Ref> {
  readonly slots: readonly InstanceSlot<Ref>[]
  readonly leaving: readonly Incarnation<Ref>[]
}

const emptySlot = { current: null, isUp: false, next: null } as const

export function emptyRoster<Ref>(slots: number): Roster<Ref> {
  return { slots: Array.from({ length: slots }, () => emptySlot), leaving: [] }
}

function withSlot<Ref>(roster: Roster<Ref>, at: number, slot: InstanceSlot<Ref>): Roster<Ref> {
  return { ...roster, slots: roster.slots.map((old, index) => (index === at ? slot : old)) }
}

/** Puts a new incarnation into a slot: as its current one, or as the successor of the current one. */
export function seat<Ref>(roster: Roster<Ref>, at: number, incarnation: Incarnation<Ref>): Roster<Ref> {
  const slot = roster.slots[at] ?? emptySlot
  return withSlot(
    roster,
    at,
    slot.current === null
      ? { current: incarnation, isUp: false, next: null }
      : { ...slot, next: incarnation },
  )
}

/** Notes that an incarnation is alive. A successor takes the slot, and the former one leaves. */
export function rise<Ref>(roster: Roster<Ref>, id: string): Roster<Ref> {
  const at = roster.slots.findIndex(({ current, next }) => current?.id === id || next?.id === id)
  const slot = roster.slots[at]
  if (slot === undefined) return roster
  if (slot.next?.id !== id) return withSlot(roster, at, { ...slot, isUp: true })
  const taken = withSlot(roster, at, { current: slot.next, isUp: true, next: null })
  return slot.current === null ? taken : { ...taken, leaving: [...taken.leaving, slot.current] }
}

/**
 * Empties the slot of an incarnation that is lost but has not ended. Its successor, if any, becomes the
 * current one.
 */
export function vacate<Ref>(roster: Roster<Ref>, id: string): Roster<Ref> {
  const at = roster.slots.findIndex(({ current }) => current?.id === id)
  const slot = roster.slots[at]
  if (slot?.current == null) return roster
  const left = withSlot(roster, at, { current: slot.next, isUp: false, next: null })
  return { ...left, leaving: [...left.leaving, slot.current] }
}

/** Removes an incarnation that has ended, wherever it was. */
export function strike<Ref>(roster: Roster<Ref>, id: string): Roster<Ref> {
  const { slots, leaving } = vacate(roster, id)
  return {
    slots: slots.map((slot) => (slot.next?.id === id ? { ...slot, next: null } : slot)),
    leaving: leaving.filter((one) => one.id !== id),
  }
}

/** The incarnation with an id, and its slot: -1 if it is leaving. */
export function find<Ref>(
  { slots, leaving }: Roster<Ref>,
  id: string,
): { readonly incarnation: Incarnation<Ref>; readonly at: number } | null {
  for (const [at, { current, next }] of slots.entries()) {
    if (current?.id === id) return { incarnation: current, at }
    if (next?.id === id) return { incarnation: next, at }
  }
  const incarnation = leaving.find((one) => one.id === id)
  return incarnation === undefined ? null : { incarnation, at: -1 }
}

export function everyone<Ref>({ slots, leaving }: Roster<Ref>): readonly Incarnation<Ref>[] {
  return [...slots.flatMap(({ current, next }) => [current, next]), ...leaving].filter((one) => one !== null)
}
