/** The interface of a view. */
import type { Address } from './address.ts'
import type { Client } from './client.ts'
import type { Store } from './store.ts'

/**
 * A view of the page: one module in this folder, listed in main.ts. Its addresses are
 * `#/NAME/PART/PART?key=value`, each part URI-encoded.
 */
export interface View {
  readonly name: string
  /** Tab label. */
  readonly title: string
  /** Builds the view below `root`, which starts empty and is discarded afterwards. */
  open(root: HTMLElement, page: Page): Opened
}

export interface Opened {
  /** Called with the address once after `open`, and whenever it changes within the view. */
  show(address: Address): void
  close(): void
}

/** What every view can use. */
export interface Page {
  readonly store: Store
  readonly client: Client
  /** Navigates, e.g. `go('charts', ['reverse_proxy#1'])`. `replace` adds no browser history entry. */
  go(
    view: string,
    parts?: readonly string[],
    query?: Readonly<Record<string, string>>,
    replace?: boolean,
  ): void
  /** Announces a text in the live region for a few seconds. */
  say(text: string): void
}
