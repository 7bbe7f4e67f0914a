/** Tells which generation of a worker serves. */
import type { TestDaemon } from '../daemons/daemon.ts'

/**
 * Whether only this generation of a worker accepts. During a planned replacement two generations are alive
 * for a moment, and the old one still refuses connections until main has taken its listener back.
 */
export const isServing = (running: TestDaemon, worker: string, generation: number): boolean =>
  running.stateOf(`${worker}#${generation}`) === 'running.alive' &&
  running.stateOf(`listener:${worker}/0/0`) === 'delegated'
