/**
 * Ids of workers, instances, charts and listeners: how they are put together and taken apart.
 *
 *   supervisor:reverse_proxy        supervisor of a worker        reverse_proxy#3           instance, third generation
 *   listener:reverse_proxy/0/1      listener chart                reverse_proxy#3/reverse   chart inside an instance
 *   reverse_proxy/0/1               key of a listener: worker, number of the address, slot
 */

export const supervisorId = (worker: string): string => `supervisor:${worker}`

export const instanceId = (worker: string, generation: number): string => `${worker}#${generation}`

/** Id in main of a chart that runs in an instance. Inside the instance it is called `chart`. */
export const innerChartId = (instance: string, chart: string): string => `${instance}/${chart}`

export const listenerId = (key: string): string => `listener:${key}`

/** Key of the listener for address number `at` of a worker, in one of its slots. */
export const listenerKey = (worker: string, at: number, slot: number): string => `${worker}/${at}/${slot}`

/** Number of the address in the worker's `listen`. */
export const listenerAt = (key: string): number => Number(key.split('/')[1])

export const workerOfListener = (key: string): string => key.split('/', 1)[0] ?? ''

export const workerOfInstance = (id: string): string => id.split('#', 1)[0] ?? ''

export const isInstanceOf = (id: string, worker: string): boolean => id.startsWith(`${worker}#`)

/** Instance and inner name of a chart that runs in an instance; null for a chart of main. */
export function splitInnerChartId(
  actor: string,
): { readonly instance: string; readonly chart: string } | null {
  const [, instance, chart] = /^([^:#/]+#\d+)\/(.+)$/.exec(actor) ?? []
  return instance === undefined || chart === undefined ? null : { instance, chart }
}

/** The worker that an actor belongs to; null for actors of the daemon as a whole. */
export function workerOf(actor: string): string | null {
  if (actor.startsWith('supervisor:')) return actor.slice('supervisor:'.length)
  if (actor.startsWith('listener:')) return workerOfListener(actor.slice('listener:'.length))
  return actor.includes('#') ? workerOfInstance(actor) : null
}
