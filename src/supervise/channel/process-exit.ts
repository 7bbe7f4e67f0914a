/** Explains the end of a process. */

import { constants } from 'node:os'
import type { CarrierExit } from '../../../actors/instance.ts'

export interface ProcessEnd {
  /** Null when a signal ended it. */
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** The end of its standard error. */
  readonly stderr: string
  /** Whether main has killed it. */
  readonly isKilled: boolean
}

const abortCode = 128 + constants.signals.SIGABRT
const outOfMemory = /out of memory|Allocation failed/i

/**
 * Why a process ended, as far as it can be told. V8 aborts when its heap is full and reports that on standard
 * error; an abort without a report is a native failure. A SIGKILL that main did not send came from the
 * kernel's out-of-memory killer or from an operator; these cannot be told apart.
 */
export function describeEnd({ code, signal, stderr, isKilled }: ProcessEnd): CarrierExit {
  if (isKilled) return { exitCode: code ?? signalCode(signal), errorCode: 'TERMINATED' }
  const exitCode = code ?? signalCode(signal)
  const fatal = lineOf(stderr, /^FATAL ERROR|Fatal process|Assertion/)
  if (exitCode === abortCode && outOfMemory.test(stderr)) {
    return { exitCode, errorCode: 'ERR_WORKER_OUT_OF_MEMORY', message: fatal ?? 'the V8 heap is full' }
  }
  if (signal === 'SIGKILL') {
    const message = 'SIGKILL from outside (the kernel out of memory, or an operator)'
    return { exitCode, errorCode: 'TERMINATED', message }
  }
  if (signal !== null) return { exitCode, errorCode: 'TERMINATED', message: fatal ?? `signal ${signal}` }
  const uncaught = code === 1 ? lineOf(stderr, /^(\w*Error\b|Uncaught)/) : undefined
  return uncaught === undefined ? { exitCode } : { exitCode, errorCode: '', message: uncaught }
}

const signalCode = (signal: NodeJS.Signals | null) => 128 + (signal === null ? 0 : constants.signals[signal])

function lineOf(text: string, pattern: RegExp): string | undefined {
  return text
    .split('\n')
    .find((line) => pattern.test(line))
    ?.trim()
}
