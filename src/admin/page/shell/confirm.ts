/** The confirmation dialog of an action. */
import { button, h } from '../elements/dom.ts'
import { type Client, ErrorAnswer } from './client.ts'
import { askForToken } from './token.ts'

export interface Confirmation {
  readonly title: string
  /** Describes the consequence in one or two sentences. */
  readonly text: string
  /** Label of the button that confirms. */
  readonly verb: string
  /** Further form elements, such as inputs. */
  readonly fields?: readonly HTMLElement[]
  /** Runs the action and returns the result text; the dialog shows a thrown error. */
  act(): Promise<string>
}

/** Shows a confirmation dialog and then the result. If there is no token yet, it asks for one first. */
export async function confirmed(client: Client, question: Confirmation): Promise<void> {
  if (client.token === '' && !(await askForToken(client))) return
  const result = h('p', { class: 'result', role: 'status' })
  const dialog = h('dialog', { 'aria-label': question.title })
  const cancel = button('Cancel', () => dialog.close())
  const go = h('button', { type: 'submit', class: 'primary' }, question.verb)
  const form = h(
    'form',
    {},
    h('h2', {}, question.title),
    h('p', {}, question.text),
    ...(question.fields ?? []),
    result,
    h('div', { class: 'choices' }, cancel, go),
  )
  const run = async () => {
    go.disabled = true
    result.className = 'result'
    result.textContent = 'Waiting for the daemon …'
    try {
      result.textContent = await question.act()
      result.classList.add('done')
      go.hidden = true
      cancel.textContent = 'Close'
      cancel.focus()
    } catch (error) {
      result.textContent = error instanceof Error ? error.message : String(error)
      result.classList.add('wrong')
      go.disabled = false
      if (error instanceof ErrorAnswer && (error.status === 401 || error.status === 403)) {
        await askForToken(client, error.message)
      }
    }
  }
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    void run()
  })
  dialog.append(form)
  document.body.append(dialog)
  dialog.showModal()
  const leaving = new AbortController()
  // The dialog refers to a view that is no longer on screen.
  addEventListener('hashchange', () => dialog.close(), { signal: leaving.signal })
  await new Promise((resolve) => dialog.addEventListener('close', resolve))
  leaving.abort()
  dialog.remove()
}
