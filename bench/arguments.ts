/** The command-line arguments of the benchmark. */
import { parseArgs } from 'node:util'
import { cases } from './cases/all.ts'
import { type Case, type TargetName, targetNames } from './types.ts'

export type Mode = 'bench' | 'quick' | 'profile'

export interface Options {
  readonly mode: Mode
  readonly cases: readonly Case[]
  readonly rounds: number
  /** Further rounds of each case in place of disturbed ones. */
  readonly repeats: number
  readonly seconds: number
  /** Null to run every target of the case. */
  readonly targets: readonly TargetName[] | null
  /** File for the Markdown report. */
  readonly report: string | null
  /** Whether to write docs/performance.md and its plots. */
  readonly isWritten: boolean
}

export const usage = `npm run bench [-- OPTIONS]      (first: npm run bench:install)
  --case NAME      only this case; may be given more than once: ${cases.map(({ name }) => name).join(', ')}
  --target NAME    only this target; may be given more than once: ${targetNames.join(', ')}
  --rounds N       quiet rounds of each case, targets alternating in each (5)
  --repeats N      further rounds of each case at most, in place of disturbed ones (as many as rounds)
  --seconds N      seconds of one measurement (3)
  --report FILE    writes the report as Markdown
  --write          writes tables and plots to docs/performance.md and docs/images
  --quick          every bar once, at most 90 s in all
  --profile        the ten functions in which an instance spends most of its time, for each case
`

/** Throws an Error with a usage message. */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      case: { type: 'string', multiple: true },
      target: { type: 'string', multiple: true },
      rounds: { type: 'string' },
      repeats: { type: 'string' },
      seconds: { type: 'string' },
      report: { type: 'string' },
      write: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      profile: { type: 'boolean', default: false },
    },
  })
  const { quick, profile, write } = values
  if (quick && profile) throw new Error('--quick and --profile exclude each other')
  if (write && (quick || profile)) throw new Error('--write needs a run without --quick or --profile')
  const rounds = count('rounds', values.rounds ?? (quick ? '2' : '5'), 100)
  return {
    mode: quick ? 'quick' : profile ? 'profile' : 'bench',
    cases: values.case === undefined ? cases : values.case.map(findCase),
    rounds,
    repeats: values.repeats === undefined ? (quick ? 0 : rounds) : count('repeats', values.repeats, 100, 0),
    seconds: count('seconds', values.seconds ?? (quick ? '1' : '3'), 600),
    targets: values.target === undefined ? null : values.target.map(findTarget),
    report: values.report ?? null,
    isWritten: write,
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

function count(option: string, text: string, most: number, least = 1): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < least || value > most)
    throw new Error(`--${option}: "${text}" is not a whole number from ${least} to ${most}`)
  return value
}
