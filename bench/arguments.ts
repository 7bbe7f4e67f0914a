/** The command-line arguments of the benchmark. */
import { parseArgs } from 'node:util'
import { cases } from './cases.ts'
import { type Case, type TargetName, targetNames } from './types.ts'

export interface Options {
  readonly cases: readonly Case[]
  readonly rounds: number
  readonly seconds: number
  /** Null to run every target of the case. */
  readonly targets: readonly TargetName[] | null
  /** File for the Markdown report. */
  readonly report: string | null
}

export const usage = `npm run bench [-- OPTIONS]      (first: npm run bench:install)
  --case NAME      only this case; may be given more than once: ${cases.map(({ name }) => name).join(', ')}
  --target NAME    only this target; may be given more than once: ${targetNames.join(', ')}
  --rounds N       rounds of each case, targets alternating in each (5)
  --seconds N      seconds of one measurement (3)
  --report FILE    writes the report as Markdown
`

/** Throws an Error with a usage message. */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      case: { type: 'string', multiple: true },
      target: { type: 'string', multiple: true },
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '3' },
      report: { type: 'string' },
    },
  })
  return {
    cases: values.case === undefined ? cases : values.case.map(findCase),
    targets: values.target === undefined ? null : values.target.map(findTarget),
    rounds: count('rounds', values.rounds, 100),
    seconds: count('seconds', values.seconds, 600),
    report: values.report ?? null,
  }
}

function findCase(name: string): Case {
  const found = cases.find((one) => one.name === name)
  if (found === undefined) throw new Error(`--case: there is no "${name}"`)
  return found
}

function findTarget(name: string): TargetName {
  const found = targetNames.find((one) => one === name)
  if (found === undefined) throw new Error(`--target: there is no "${name}"`)
  return found
}

function count(option: string, text: string, most: number): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1 || value > most)
    throw new Error(`--${option}: "${text}" is not a whole number from 1 to ${most}`)
  return value
}
