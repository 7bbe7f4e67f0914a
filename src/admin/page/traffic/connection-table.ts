/** The table of open connections. */
import type { ConnectionRow, Connections } from '../../api/schema/traffic.ts'
import { button, h, keepList, setText } from '../elements/dom.ts'
import { age, bytes } from '../elements/format.ts'
import { confirmed } from '../shell/confirm.ts'
import type { Page } from '../shell/view.ts'
import { requestText } from './request-table.ts'

const words: Readonly<Record<ConnectionRow['state'], string>> = {
  handshake: 'handshake',
  idle: 'idle',
  exchange: 'exchange',
  tunnel: 'tunnel',
  h2: 'HTTP/2',
}

/** Open connections, oldest first, each with a close button. */
export class ConnectionTable {
  readonly root: HTMLElement
  readonly #body = h('tbody')
  readonly #empty = h('p', { class: 'empty' }, 'There are no open connections.')
  readonly #rows = new Map<string, Row>()
  readonly #page: Page

  constructor(page: Page) {
    this.#page = page
    const heads = ['Peer', 'State', 'Request', 'Age', 'Received', 'Sent']
    this.root = h(
      'div',
      {
        class: 'traffic-scroll',
        tabindex: 0,
        role: 'region',
        'aria-label': 'Open connections, oldest first',
      },
      h(
        'table',
        { class: 'traffic' },
        h(
          'thead',
          {},
          h(
            'tr',
            {},
            ...heads.map((head, at) => h('th', { scope: 'col', class: at > 2 ? 'number' : null }, head)),
            h('td', {}, h('span', { class: 'visually-hidden' }, 'Close')),
          ),
        ),
        this.#body,
      ),
      this.#empty,
    )
  }

  show({ connections }: Connections): void {
    const byId = new Map(connections.map((one) => [one.id, one]))
    keepList(
      this.#body,
      this.#rows,
      [...byId.keys()],
      (id) => new Row(byId.get(id) as ConnectionRow, this.#page),
    )
    for (const [id, row] of this.#rows) row.show(byId.get(id) as ConnectionRow)
    this.#empty.hidden = connections.length > 0
  }
}

class Row {
  readonly root: HTMLElement
  readonly #state = h('td')
  readonly #what = h('td', { class: 'request' })
  readonly #age = h('td', { class: 'number' })
  readonly #received = h('td', { class: 'number' })
  readonly #sent = h('td', { class: 'number' })

  constructor({ id, peer, scheme }: ConnectionRow, page: Page) {
    const close = button('Close', () => void closeIt(page, id, peer), {
      label: `Close the connection of ${peer}`,
    })
    this.root = h(
      'tr',
      {},
      h('th', { scope: 'row' }, scheme === 'https' ? `${peer} (TLS)` : peer),
      this.#state,
      this.#what,
      this.#age,
      this.#received,
      this.#sent,
      h('td', {}, close),
    )
  }

  show({ state, running, method, target, upstream, age_ms: ageMs, received, sent }: ConnectionRow): void {
    setText(this.#state, state === 'h2' ? `HTTP/2, ${running} streams` : words[state])
    const to = upstream === null ? '' : ` → ${upstream}`
    setText(this.#what, method === null ? '' : `${requestText(method, target)}${to}`)
    setText(this.#age, age(ageMs))
    setText(this.#received, bytes(received))
    setText(this.#sent, bytes(sent))
  }
}

function closeIt(page: Page, id: string, peer: string): Promise<void> {
  return confirmed(page.client, {
    title: 'Close a connection',
    text: `The connection of ${peer} (${id}) is closed now and its exchanges are cut off. The log records who did it.`,
    verb: 'Close connection',
    async act() {
      await page.client.send('POST', `/api/connections/${encodeURIComponent(id)}/close`)
      return 'The connection is closed.'
    },
  })
}
