/** Reasons and explanations as lists. */
import type { ConfigPlace, Explanation, Reasons } from '../../api/schema/traffic.ts'
import { h } from '../elements/dom.ts'
import { timeOfDay } from '../elements/format.ts'
import { addressOf } from '../shell/address.ts'

const titles: Readonly<Record<Reasons['chain'][number]['about'], string>> = {
  request: 'What happened',
  rule: 'Rule or limit',
  state: 'State at that time',
  cause: 'Cause of the state',
  right: 'Remedy',
}

/** Shows why a request got its answer, from the event to the suggested fix. */
export function chainOf({ chain }: Reasons): HTMLElement {
  return h(
    'ol',
    { class: 'reasons-chain' },
    ...chain.map(({ about, text, setting, place, actor, seq, at }) =>
      h(
        'li',
        { 'data-about': about },
        h('h3', {}, titles[about]),
        h('p', {}, text),
        settingLine(setting, place),
        actor !== null &&
          h(
            'p',
            { class: 'reason-link' },
            h(
              'a',
              { href: addressOf('history', [actor], seq === null ? {} : { seq: String(seq) }) },
              `${actor}${at === null ? '' : ` at ${timeOfDay(at)}`} in the history`,
            ),
          ),
      ),
    ),
  )
}

/** Shows the decision steps for a hypothetical request. */
export function stepsOf({ worker, outcome, steps }: Explanation): HTMLElement {
  const end =
    outcome.code === null ? `${outcome.kind} → ${outcome.to ?? ''}` : `${outcome.status} ${outcome.code}`
  return h(
    'section',
    { class: 'card explanation', 'aria-label': `What ${worker} would do` },
    h('div', { class: 'card-head' }, h('h2', {}, worker), h('span', { class: 'outcome' }, end)),
    h(
      'ol',
      { class: 'reasons-chain' },
      ...steps.map(({ about, text, setting, place, refuses }) =>
        h(
          'li',
          { 'data-about': about, class: refuses ? 'refuses' : '' },
          h('h3', {}, about),
          h('p', {}, text),
          settingLine(setting, place),
        ),
      ),
    ),
  )
}

function settingLine(setting: string | null, place: ConfigPlace | null): HTMLElement | null {
  if (setting === null) return null
  const where =
    place === null
      ? ''
      : place.written
        ? ` at ${place.file}:${place.line}:${place.column}`
        : `, by default; ${place.path === '' ? 'the configuration' : place.path} is at ${place.file}:${place.line}:${place.column}`
  return h('p', { class: 'setting' }, h('code', {}, setting), where)
}
