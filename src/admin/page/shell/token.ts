/** The dialog for the admin token. */
import { button, h } from '../elements/dom.ts'
import type { Client } from './client.ts'

/** Asks for the admin token. An empty input deletes it. Resolves to true if there is a token now. */
export function askForToken(client: Client, why = ''): Promise<boolean> {
  const input = h('input', {
    type: 'password',
    id: 'token',
    name: 'token',
    autocomplete: 'off',
    spellcheck: 'false',
    'aria-describedby': 'token-help',
  })
  input.value = client.token
  const form = h(
    'form',
    { method: 'dialog' },
    h('h2', {}, 'Admin token'),
    why !== '' && h('p', { class: 'wrong', role: 'alert' }, why),
    h('label', { for: 'token' }, 'Token'),
    input,
    h(
      'p',
      { class: 'help', id: 'token-help' },
      'The daemon keeps it in a file and logs the path at start. This tab forgets it when it is closed.',
    ),
  )
  const dialog = h('dialog', { 'aria-label': 'Admin token' }, form)
  return new Promise((resolve) => {
    const keep = (event: Event) => {
      event.preventDefault()
      client.token = input.value.trim()
      dispatchEvent(new Event('token'))
      dialog.close()
    }
    form.append(
      h(
        'div',
        { class: 'choices' },
        button('Cancel', () => dialog.close()),
        h('button', { type: 'submit', class: 'primary' }, 'Keep'),
      ),
    )
    form.addEventListener('submit', keep)
    dialog.addEventListener('close', () => {
      dialog.remove()
      resolve(client.token !== '')
    })
    document.body.append(dialog)
    dialog.showModal()
  })
}
