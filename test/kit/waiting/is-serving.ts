import type { TestDaemon } from '../daemons/daemon.ts'

/**
 * Whether this generation of a worker alone accepts. In a planned replacement both are alive for a moment, and the one
 * that is over its limit still refuses what it accepts, until main has its listener back.
 */
export const isServing = (running: TestDaemon, worker: string, generation: number): boolean =>
  running.stateOf(`${worker}#${generation}`) === 'running.alive' &&
  running.stateOf(`listener:${worker}/0/0`) === 'delegated'
