/** The actions on a worker: drain, recycle, restart and change limits. */
import { button, h } from '../elements/dom.ts'
import { confirmed } from './confirm.ts'
import type { Worker } from './data.ts'
import type { Page } from './view.ts'

/** The operator actions a worker card offers. The page confirms each one and the daemon logs it. */
const operations = [
  {
    name: 'drain',
    verb: 'Drain',
    text: 'Its instances finish running exchanges and end. The worker accepts nothing until it is restarted.',
  },
  {
    name: 'recycle',
    verb: 'Recycle',
    text: 'Each instance is replaced by a successor that starts first. No connection is lost.',
  },
  {
    name: 'restart',
    verb: 'Restart',
    text: 'Its instances end now and new ones start. Running exchanges are cut off.',
  },
] as const

interface Done {
  readonly event: string
  readonly state: string
}

export function actionButtons(page: Page, { worker, limits }: Worker): readonly HTMLButtonElement[] {
  const acts = operations.map(({ name, verb, text }) =>
    button(
      verb,
      () =>
        void confirmed(page.client, {
          title: `${verb} ${worker}?`,
          text,
          verb,
          async act() {
            const { event, state } = await page.client.send<Done>(
              'POST',
              `/api/workers/${encodeURIComponent(worker)}/${name}`,
            )
            return `Done: supervisor:${worker} received ${event} and is ${state}.`
          },
        }),
    ),
  )
  return [...acts, button('Limits …', () => void changeLimits(page, worker, limits))]
}

const fields = [
  { key: 'max_connections', label: 'Connections', step: 1, min: 1 },
  { key: 'max_memory_mb', label: 'Memory, MB', step: 1, min: 1 },
  { key: 'max_cpu_percent', label: 'CPU, % of what is available to the daemon', step: 1, min: 1 },
] as const

function changeLimits(page: Page, worker: string, limits: Worker['limits']): Promise<void> {
  const inputs = fields.map(({ key, label, step, min }) => {
    const input = h('input', {
      type: 'number',
      id: key,
      name: key,
      step,
      min,
      required: true,
      inputmode: 'numeric',
    })
    input.value = String(limits[key])
    return { key, input, row: h('p', { class: 'field' }, h('label', { for: key }, label), input) }
  })
  return confirmed(page.client, {
    title: `Limits of ${worker}`,
    text: 'They apply at once, to each instance, until the daemon restarts. The configuration does not change.',
    verb: 'Change',
    fields: inputs.map(({ row }) => row),
    async act() {
      const changed = inputs.filter(({ key, input }) => input.valueAsNumber !== limits[key])
      if (changed.length === 0) return 'Nothing was changed.'
      const body = Object.fromEntries(changed.map(({ key, input }) => [key, input.valueAsNumber]))
      await page.client.send('PATCH', `/limits/${encodeURIComponent(worker)}`, body)
      return `Done: ${changed.map(({ key, input }) => `${key} is ${input.value}`).join(', ')}.`
    },
  })
}
