/** The status area at the top right: live indicator, token button and theme switch. */
import { button, h, setText } from '../elements/dom.ts'
import type { Store, StreamState } from './store.ts'
import { askForToken } from './token.ts'
import type { Page } from './view.ts'

const words: Readonly<Record<StreamState, string>> = {
  connecting: 'Connecting',
  live: 'Live',
  lost: 'Reconnecting',
}

export function linkSign(store: Store): HTMLElement {
  const word = h('span', {}, '')
  const sign = h('span', { class: 'link-sign', role: 'status' }, h('span', { class: 'lamp' }), word)
  const show = () => {
    setText(word, words[store.link])
    sign.dataset['link'] = store.link
  }
  store.addEventListener('change', show)
  show()
  return sign
}

export function tokenButton(page: Page): HTMLButtonElement {
  const show = () => setText(element, page.client.token === '' ? 'Read only' : 'Can act')
  const element = button('', () => void askForToken(page.client).then(show), {
    class: 'quiet',
    title: 'Actions need the admin token',
  })
  addEventListener('token', show)
  show()
  return element
}

const themeKey = 'bifrost-theme'
type Theme = 'auto' | 'light' | 'dark'
const themes: readonly Theme[] = ['auto', 'light', 'dark']
const themeWords: Readonly<Record<Theme, string>> = { auto: 'Auto', light: 'Light', dark: 'Dark' }

/** Switches between the system theme and the viewer's choice. */
export function themeSwitch(): HTMLElement {
  const kept = localStorage.getItem(themeKey)
  const select = h(
    'select',
    { 'aria-label': 'Colours', class: 'quiet' },
    ...themes.map((theme) => h('option', { value: theme }, themeWords[theme])),
  )
  const choose = () => {
    if (select.value === 'auto') delete document.documentElement.dataset['theme']
    else document.documentElement.dataset['theme'] = select.value
    localStorage.setItem(themeKey, select.value)
  }
  select.value = themes.find((theme) => theme === kept) ?? 'auto'
  select.addEventListener('change', choose)
  choose()
  return select
}
