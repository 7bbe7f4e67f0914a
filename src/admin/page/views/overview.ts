/** The overview: workers and actors. */
import { ActorTree } from '../actors/actor-tree.ts'
import { WorkerCard } from '../actors/worker-card.ts'
import { h, keepList, setText } from '../elements/dom.ts'
import type { View } from '../shell/view.ts'

/** All workers as cards, and the actor tree. */
export const overviewView: View = {
  name: 'overview',
  title: 'Overview',
  open(root, page) {
    const ending = new AbortController()
    const summary = h('p', { class: 'summary' })
    const cards = h('div', { class: 'cards' })
    const tree = new ActorTree(page)
    root.append(
      h('div', { class: 'view-head' }, h('h1', {}, 'Overview'), summary),
      h('section', { 'aria-label': 'Workers' }, cards),
      tree.root,
    )
    const items = new Map<string, WorkerCard>()
    let frame = 0

    const draw = () => {
      frame = 0
      const { workers, actors } = page.store
      keepList(cards, items, [...workers.keys()], (name) => new WorkerCard(name, page))
      for (const [name, card] of items) {
        const worker = workers.get(name)
        if (worker !== undefined) card.show(worker, page.store.points.get(name) ?? [])
      }
      tree.show()
      const living = [...actors.values()].filter(({ gone }) => gone === null).length
      const ill = [...workers.values()].filter(({ health }) => health !== 'Healthy')
      const health =
        ill.length === 0
          ? 'all healthy'
          : ill.map(({ name, health: word }) => `${name} is ${word.toLowerCase()}`).join(', ')
      setText(
        summary,
        workers.size === 0
          ? 'Waiting for the daemon …'
          : `${workers.size} workers, ${living} actors: ${health}`,
      )
    }
    const later = () => {
      frame ||= requestAnimationFrame(draw)
    }
    page.store.addEventListener('change', later, { signal: ending.signal })
    page.store.onMove((move) => tree.flash(move.actor), ending.signal)
    const clock = setInterval(() => tree.tick(), 1_000)
    return {
      show: later,
      close() {
        clearInterval(clock)
        cancelAnimationFrame(frame)
        ending.abort()
      },
    }
  },
}
