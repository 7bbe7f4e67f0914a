/** The words of Why for the chart that admits connections. */

/** What a state of the chart that admits means. */
export const meaning: ReadonlyMap<string, string> = new Map(
  Object.entries({
    accepting: 'new connections are admitted',
    saturated: 'its limit of connections is reached, and new ones are refused',
    degraded: 'memory, CPU or the event loop is above its limit, and new connections are refused',
    draining: 'running exchanges finish, nothing new is admitted',
    stopped: 'it had ended',
  }),
)

/** Why an event moved that chart. */
export const causes: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'load.high': 'the open connections have reached the limit',
    'load.low': 'a connection has ended, and there is room',
    'limit.exceeded': 'a sample of memory or CPU was above the limit',
    'limit.recovered': 'memory and CPU are below their limits again',
    'op.drain': 'the instance is to end: a stop, a replacement, or an operator',
    'xstate.init': 'it has started',
  }),
)
