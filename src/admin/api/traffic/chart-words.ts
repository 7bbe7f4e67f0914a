/** Texts for the Why view about the chart that admits connections. */
/** What a state of the chart that admits means. */
export const meaning: ReadonlyMap<string, string> = new Map(
  Object.entries({
    accepting: 'new connections are admitted',
    saturated: 'its connection limit is reached, and new connections are refused',
    degraded: 'memory, CPU or the event loop is above its limit, and new connections are refused',
    draining: 'running exchanges finish, nothing new is admitted',
    stopped: 'it has ended',
  }),
)

/** Why an event moved that chart. */
export const causes: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'load.high': 'open connections reached the limit',
    'load.low': 'a connection ended and left room',
    'limit.exceeded': 'a sample of memory or CPU exceeded the limit',
    'limit.recovered': 'memory and CPU are below their limits again',
    'op.drain': 'the instance must end: a stop, a replacement or an operator',
    'xstate.init': 'it started',
  }),
)
