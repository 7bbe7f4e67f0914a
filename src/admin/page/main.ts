/** Entry point of the admin page: live state charts, served by the daemon itself without third-party code. */
import { h } from './elements/dom.ts'
import { addressOf, readHash } from './shell/address.ts'
import { Client, ErrorAnswer } from './shell/client.ts'
import { linkSign, themeSwitch, tokenButton } from './shell/shell.ts'
import { Store } from './shell/store.ts'
import { Stream } from './shell/stream.ts'
import { askForToken } from './shell/token.ts'
import type { Opened, Page, View } from './shell/view.ts'
import { chartsView } from './views/charts.ts'
import { historyView } from './views/history.ts'
import { overviewView } from './views/overview.ts'
import { trafficView } from './views/traffic.ts'
import { whyView } from './views/why.ts'

/** The views in tab order. */
const views: readonly View[] = [overviewView, chartsView, historyView, trafficView, whyView]

const store = new Store()
const client = new Client()
const main = document.querySelector('main') as HTMLElement
const notice = document.getElementById('notice') as HTMLElement
const tabs = document.getElementById('tabs') as HTMLElement

let noticeTimer = 0
const page: Page = {
  store,
  client,
  go(view, parts, query, replace = false) {
    const address = addressOf(view, parts, query)
    if (location.hash === address) return
    if (replace) {
      globalThis.history.replaceState(null, '', address)
      route()
    } else location.hash = address
  },
  say(text) {
    notice.textContent = text
    notice.hidden = false
    clearTimeout(noticeTimer)
    noticeTimer = setTimeout(() => {
      notice.hidden = true
    }, 6_000)
  },
}

const links = new Map(views.map(({ name, title }) => [name, h('a', { href: addressOf(name) }, title)]))
tabs.append(...links.values())
document.getElementById('tools')?.append(linkSign(store), tokenButton(page), themeSwitch())

let shown: { readonly view: View; readonly opened: Opened } | null = null

function route(): void {
  const address = readHash(location.hash)
  const view = views.find(({ name }) => name === address.view) ?? (views[0] as View)
  if (shown?.view !== view) {
    const isFirst = shown === null
    shown?.opened.close()
    const root = h('div', { class: `view ${view.name}` })
    main.replaceChildren(root)
    shown = { view, opened: view.open(root, page) }
    document.title = `${view.title} · Bifrost Bridge`
    for (const [name, link] of links) {
      if (name === view.name) link.setAttribute('aria-current', 'page')
      else link.removeAttribute('aria-current')
    }
    // Move focus to the new content for keyboards and screen readers.
    if (!isFirst) main.focus({ preventScroll: true })
    scrollTo(0, 0)
  }
  shown.opened.show(address)
}

addEventListener('hashchange', route)
route()

/** Beyond loopback, reading needs the token: ask for it once and keep a cookie session. */
async function mayRead(): Promise<void> {
  try {
    await client.get('/api/charts')
  } catch (error) {
    if (!(error instanceof ErrorAnswer && error.status === 401)) return
    if (await askForToken(client, 'Reading needs the admin token here.')) await client.openSession()
  }
}

new Stream(store, mayRead).open()
