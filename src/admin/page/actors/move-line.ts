/** One move of an actor as a line. */
import { eventText } from '../chart/event-text.ts'
import { h } from '../elements/dom.ts'
import { timeOfDay } from '../elements/format.ts'
import { addressOf } from '../shell/address.ts'
import type { Move } from '../shell/data.ts'

/** One move as a link to its moment in the history. */
export function moveElement(move: Move, { withActor }: { readonly withActor: boolean }): HTMLAnchorElement {
  const query = { seq: String(move.seq) }
  return h(
    'a',
    {
      class: move.ignored ? 'move ignored' : 'move',
      href: withActor ? addressOf('history', [], query) : addressOf('history', [move.actor], query),
      'data-seq': move.seq,
    },
    h('time', { datetime: new Date(move.at).toISOString() }, timeOfDay(move.at)),
    withActor && h('span', { class: 'move-actor' }, move.actor),
    h(
      'span',
      { class: 'move-what' },
      h('code', {}, eventText(move.event)),
      h('span', { class: 'move-to' }, moveText(move)),
    ),
  )
}

export function moveText({ ignored, from, to }: Move): string {
  if (ignored) return 'ignored'
  return from === to ? 'stays' : `→ ${to}`
}
