/** `xstate.after.RETRY.listener.retrying` -> `after RETRY`; what it is called by XState otherwise. */
export function eventText(event: string): string {
  if (event === 'xstate.init') return 'start'
  const [, after] = /^xstate\.after\.([^.]+)\./.exec(event) ?? []
  if (after !== undefined) return `after ${after}`
  const [, kind, actor] = /^xstate\.(done|error)\.actor\.(.*)$/.exec(event) ?? []
  return kind === undefined ? event : `${kind}(${actor})`
}

/** Without the name of the chart. */
export const shortState = (id: string) => id.split('.').slice(1).join('.') || id
