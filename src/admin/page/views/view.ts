import type { Address } from '../address.ts'
import type { Client } from '../client.ts'
import type { Store } from '../store.ts'

/**
 * A view of the page: one module of this folder each, named in the list of main.ts. Its addresses are
 * `#/NAME/PART/PART?key=value`, every part encoded.
 */
export interface View {
  readonly name: string
  /** On its tab. */
  readonly title: string
  /** Builds itself below `root`, which is empty and thrown away afterwards. */
  open(root: HTMLElement, page: Page): Opened
}

export interface Opened {
  /** The address: once after `open`, then each time it changes within the view. */
  show(address: Address): void
  close(): void
}

/** What every view may use. */
export interface Page {
  readonly store: Store
  readonly client: Client
  /** `go('charts', ['reverse_proxy#1'])`; `replace` leaves no step for the browser's back button. */
  go(
    view: string,
    parts?: readonly string[],
    query?: Readonly<Record<string, string>>,
    replace?: boolean,
  ): void
  /** Says something in the one live region, for some seconds. */
  say(text: string): void
}
