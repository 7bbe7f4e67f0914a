/** The form that explains a hypothetical request. */
import type { Explanations } from '../../api/schema/traffic.ts'
import { h } from '../elements/dom.ts'
import type { Page } from '../shell/view.ts'
import { stepsOf } from './reason-list.ts'

const field = (id: string, label: string, value: string, more: Record<string, string> = {}) => {
  const input = h('input', {
    id: `explain-${id}`,
    type: 'text',
    name: id,
    autocomplete: 'off',
    spellcheck: 'false',
    ...more,
  })
  input.value = value
  return {
    input,
    root: h('div', { class: 'explain-field' }, h('label', { for: `explain-${id}` }, label), input),
  }
}

/**
 * A form that asks which worker, mount or target would serve a request, and why. No request is sent upstream.
 */
export function explainForm(page: Page): HTMLElement {
  const method = field('method', 'Method', 'GET', { size: '8' })
  const url = field('url', 'Path or URL', '/', { size: '40' })
  const host = field('host', 'Host', 'localhost')
  const client = field('client', 'Client address', '127.0.0.1')
  const answer = h('div', { class: 'explanations', role: 'status' })
  const form = h(
    'form',
    { class: 'explain' },
    method.root,
    url.root,
    host.root,
    client.root,
    h('button', { type: 'submit', class: 'primary' }, 'Explain'),
  )
  const ask = async () => {
    const query = new URLSearchParams({
      method: method.input.value,
      url: url.input.value,
      host: host.input.value,
      client: client.input.value,
    })
    if (host.input.value === '') query.delete('host')
    try {
      const { explanations } = await page.client.get<Explanations>(`/api/explain?${query}`)
      answer.replaceChildren(...explanations.map(stepsOf))
    } catch (error) {
      answer.replaceChildren(
        h('p', { class: 'wrong' }, error instanceof Error ? error.message : String(error)),
      )
    }
  }
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    void ask()
  })
  return h(
    'section',
    { 'aria-labelledby': 'explain-title' },
    h('h2', { id: 'explain-title' }, 'Explain a request'),
    h(
      'p',
      { class: 'help' },
      'Shows which worker, mount or target would serve a request, and why. Nothing is sent.',
    ),
    form,
    answer,
  )
}
