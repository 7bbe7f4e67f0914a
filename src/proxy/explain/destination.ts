/** The step of an explanation about the destination of a forward proxy. */
import type { ServiceSettings } from '../../config/settings/settings.ts'
import { parseAuthority } from '../../http/address/authority.ts'
import type { Decision } from '../decide/decide.ts'
import { parseAbsolute } from '../decide/target.ts'
import { Destinations } from '../destinations/destinations.ts'
import { OwnListeners } from '../destinations/own-listeners.ts'
import { refusalDecision } from '../guard/refusals.ts'
import { clip, type ExplanationStep, settingOf } from './step.ts'

interface Judged {
  readonly step: ExplanationStep
  /** Null if the target is acceptable before name resolution. */
  readonly refusal: Decision | null
}

/** Null for a service whose clients do not choose the destination. */
export function judgeDestination(
  decided: Decision,
  service: ServiceSettings,
  ownPorts: readonly number[],
): Judged | null {
  const target = targetOf(decided)
  if (service.type !== 'forward' || target === null) return null
  const { host, port } = target
  const destinations = new Destinations(service.destinations, new OwnListeners(ownPorts))
  const refused = destinations.refuseTarget(host, port, decided.kind === 'tunnel')
  const step = (text: string, inside: string): ExplanationStep => ({
    about: 'destination',
    text: `${text}.`,
    setting: settingOf('forward', inside),
    isRefusal: refused !== null,
  })
  if (refused !== null)
    return {
      step: step(clip(refused.text), refused.setting),
      refusal: refusalDecision('forward', refused.code),
    }
  const text = `${clip(host)}, port ${port}, is acceptable so far; each address is checked before it is dialled, and refused ones are skipped`
  return { step: step(text, 'destinations'), refusal: null }
}

function targetOf(decided: Decision): { readonly host: string; readonly port: number } | null {
  if (decided.kind === 'tunnel') return decided
  return decided.kind === 'forward' ? parseAuthority(parseAbsolute(decided.origin)?.authority ?? '') : null
}
