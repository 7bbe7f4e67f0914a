/** Handler of `PATCH /limits/WORKER`. */
import { parseLimitsChange } from '../config/limits-change.ts'
import type { LimitControl } from '../supervise/limits/limit-control.ts'
import { json } from './answer.ts'
import type { Handler } from './router.ts'

/** `PATCH /limits/WORKER`: changes limits of a running worker. */
export function limitsHandler(control: LimitControl): Handler {
  return ({ params, text, by }) => {
    const worker = params['name'] ?? ''
    const parsed = parseLimitsChange(text)
    if ('problems' in parsed) return json(400, { error: parsed.problems.join('; ') })
    const outcome = control.change(worker, parsed.change, by)
    if (outcome === null) return json(404, { error: `there is no worker ${worker}` })
    if ('problem' in outcome) return json(400, { error: outcome.problem })
    return json(200, { worker, changed: outcome.changed })
  }
}
