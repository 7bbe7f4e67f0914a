/** The actors of the main thread, found by their ids. */

import type { AnyActorRef } from 'xstate'

export class MainActors {
  #root: AnyActorRef | null = null

  /** There are no actors before the root is known. */
  rootIs(root: AnyActorRef): void {
    this.#root = root
  }

  readonly find = (id: string): AnyActorRef | undefined => this.#root?.system.get(id)

  /** Does nothing if the actor has ended. */
  readonly tell = <Event extends { readonly type: string }>(id: string, event: Event): void =>
    this.find(id)?.send(event)
}
