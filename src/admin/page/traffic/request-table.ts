/** The table of exchanges. */
import type { TrafficRecord } from '../../api/schema/traffic.ts'
import { h, keepList } from '../elements/dom.ts'
import { bytes, millisecondsText, timeOfDay } from '../elements/format.ts'
import { addressOf } from '../shell/address.ts'
import { isFailed } from './failed.ts'

const maxRows = 300

/** Exchanges, latest first; each links to its explanation. */
export class RequestTable {
  readonly root: HTMLElement
  readonly #body = h('tbody')
  readonly #empty = h('p', { class: 'empty' }, 'No exchanges so far.')
  readonly #rows = new Map<string, { readonly root: HTMLElement }>()

  constructor() {
    const heads = ['Time', 'Client', 'Request', 'Answer', 'Duration', 'Received', 'Sent']
    this.root = h(
      'div',
      { class: 'traffic-scroll', tabindex: 0, role: 'region', 'aria-label': 'Exchanges, latest first' },
      h(
        'table',
        { class: 'traffic' },
        h(
          'thead',
          {},
          h(
            'tr',
            {},
            ...heads.map((head, at) => h('th', { scope: 'col', class: at > 3 ? 'number' : null }, head)),
          ),
        ),
        this.#body,
      ),
      this.#empty,
    )
  }

  show(records: readonly TrafficRecord[], empty: string): void {
    const shown = new Map(records.slice(-maxRows).map((record) => [record.id, record]))
    keepList(this.#body, this.#rows, [...shown.keys()].reverse(), (id) => ({
      root: row(shown.get(id) as TrafficRecord),
    }))
    this.#empty.hidden = shown.size > 0
    this.#empty.textContent = empty
  }
}

function row(record: TrafficRecord): HTMLElement {
  const { id, at, client, method, target, status, code, duration_ms: took, received, sent } = record
  return h(
    'tr',
    { class: isFailed(record) ? 'failed' : '' },
    h('td', {}, h('time', { datetime: new Date(at).toISOString() }, timeOfDay(at))),
    h('td', {}, client),
    h(
      'td',
      { class: 'request' },
      h(
        'a',
        { href: addressOf('why', [id]), title: `Why ${requestText(method, target)}` },
        requestText(method, target),
      ),
    ),
    h(
      'td',
      {},
      h('span', { class: 'status', 'data-class': String(status)[0] ?? '' }, answerText(status, code)),
    ),
    h('td', { class: 'number' }, millisecondsText(took)),
    h('td', { class: 'number' }, bytes(received)),
    h('td', { class: 'number' }, bytes(sent)),
  )
}

export const requestText = (method: string | null, target: string | null): string =>
  method === null ? 'no request' : `${method} ${target ?? ''}`

export const answerText = (status: number, code: string | null): string =>
  `${status === 0 ? 'none' : status}${code === null ? '' : ` ${code}`}`

/** True if any field of the record contains the text. */
export function has(record: TrafficRecord, text: string): boolean {
  const {
    client,
    method,
    target,
    status,
    code,
    request_id: id,
    upstream,
    user,
    service,
    termination,
  } = record
  const all = [
    client,
    method,
    target,
    String(status),
    code,
    id,
    upstream,
    user,
    service,
    termination,
    record.id,
  ]
  const wanted = text.toLowerCase()
  return all.some((part) => part?.toLowerCase().includes(wanted))
}
