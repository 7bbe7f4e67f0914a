/** The view that explains an answer. */
import type { Reasons, TrafficRecord } from '../../api/schema/traffic.ts'
import { h } from '../elements/dom.ts'
import { millisecondsText } from '../elements/format.ts'
import { addressOf } from '../shell/address.ts'
import type { View } from '../shell/view.ts'
import { explainForm } from '../traffic/explain-form.ts'
import { chainOf, stepsOf } from '../traffic/reason-list.ts'
import { answerText, requestText } from '../traffic/request-table.ts'

/**
 * `#/why/ID` explains an exchange by its list id or X-Request-Id; `#/why` explains a hypothetical request.
 */
export const whyView: View = {
  name: 'why',
  title: 'Why',
  open(root, page) {
    const ending = new AbortController()
    const input = h('input', {
      id: 'why-id',
      type: 'text',
      name: 'id',
      size: 32,
      autocomplete: 'off',
      spellcheck: 'false',
    })
    const form = h(
      'form',
      { class: 'explain' },
      h('div', { class: 'explain-field' }, h('label', { for: 'why-id' }, 'X-Request-Id'), input),
      h('button', { type: 'submit', class: 'primary' }, 'Why?'),
    )
    const answer = h('div', { class: 'why-answer', role: 'status' })
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      const id = input.value.trim()
      if (id !== '') page.go('why', [id])
    })
    root.append(h('div', { class: 'view-head' }, h('h1', {}, 'Why'), form), answer, explainForm(page))
    let asked: string | null = null
    return {
      async show({ parts: [id = ''] }) {
        if (id === asked) return
        asked = id
        input.value = id
        answer.replaceChildren()
        if (id === '') return
        try {
          const found = await page.client.get<Reasons>(
            `/api/requests/${encodeURIComponent(id)}`,
            ending.signal,
          )
          if (asked === id) answer.replaceChildren(...shown(found))
        } catch (error) {
          if (asked !== id || ending.signal.aborted) return
          answer.replaceChildren(
            h('p', { class: 'wrong' }, error instanceof Error ? error.message : String(error)),
          )
        }
      },
      close: () => ending.abort(),
    }
  },
}

function shown(found: Reasons): readonly HTMLElement[] {
  const { request, ended, explanation } = found
  return [
    h(
      'section',
      { class: 'card', 'aria-label': 'Explanation of the answer' },
      h(
        'div',
        { class: 'card-head' },
        h('h2', {}, requestText(request.method, request.target)),
        h(
          'span',
          { class: 'status', 'data-class': String(request.status)[0] ?? '' },
          answerText(request.status, request.code),
        ),
        h(
          'a',
          { href: addressOf('traffic', [request.instance.replace(/#\d+$/, '')]), class: 'to-history' },
          'Traffic',
        ),
      ),
      chainOf(found),
      factsOf(request, ended),
    ),
    ...(explanation === null
      ? []
      : [
          h(
            'details',
            { class: 'now' },
            h('summary', {}, 'What would happen to the same request now'),
            stepsOf(explanation),
          ),
        ]),
  ]
}

function factsOf(record: TrafficRecord, ended: string): HTMLElement {
  const ms = (value: number | null) => (value === null ? null : millisecondsText(value))
  const facts: readonly (readonly [string, string | null])[] = [
    ['Id', record.id],
    ['X-Request-Id', record.request_id],
    ['Host', record.host],
    ['HTTP', record.version],
    ['User', record.user],
    ['Service', record.service],
    ['Upstream', record.upstream],
    ['Attempts', record.attempts > 1 ? String(record.attempts) : null],
    ['Connect', ms(record.connect_ms)],
    ['Answered after', ms(record.answer_ms)],
    ['Duration', ms(record.duration_ms)],
    ['Ended', `${record.termination}: ${ended}`],
  ]
  return h(
    'dl',
    { class: 'request-facts' },
    ...facts.flatMap(([name, value]) => (value === null ? [] : [h('dt', {}, name), h('dd', {}, value)])),
  )
}
