/**
 * The setting and the text that the Why view shows for a refused destination and for a tunnel ended by a
 * limit.
 */
export interface RuleWords {
  /** Key below the worker's block. */
  readonly key: string
  readonly text: string
}

/** `reason` ends with the rule's setting: `... (workers.forward_proxy.destinations.deny)`. */
export function destinationRule(reason: string | null): RuleWords {
  const text = reason ?? 'The destination is refused'
  const open = text.lastIndexOf(' (workers.')
  const at = open === -1 ? -1 : text.indexOf('.destinations.', open)
  if (at === -1 || !text.endsWith(')')) return { key: 'destinations', text: `${text}.` }
  return { key: text.slice(at + 1, -1), text: `${text.slice(0, open)}.` }
}

/** `reason` is the setting of the limit that ended the tunnel. */
export function tunnelRule(reason: string | null): RuleWords {
  return reason === 'timeouts.max_tunnel_secs'
    ? {
        key: reason,
        text: 'The tunnel reached its maximum age, so it was closed although it was in use.',
      }
    : {
        key: 'resource_limits.idle_timeout_secs',
        text: 'The tunnel carried no byte in either direction for that time, or for a minute after one side ended.',
      }
}
