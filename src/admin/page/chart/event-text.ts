/** Shortens XState's timer event names: `xstate.after.RETRY.listener.retrying` becomes `after RETRY`. */
export function eventText(event: string): string {
  if (event === 'xstate.init') return 'start'
  const [, after] = /^xstate\.after\.([^.]+)\./.exec(event) ?? []
  if (after !== undefined) return `after ${after}`
  const [, kind, actor] = /^xstate\.(done|error)\.actor\.(.*)$/.exec(event) ?? []
  return kind === undefined ? event : `${kind}(${actor})`
}

/** A state id without the chart's name. */
export const shortState = (id: string) => id.split('.').slice(1).join('.') || id
