/** The product's promises, checked against one run. */
import { addedBy, cheaperThan, cpuAgainst, kibOf, newToKept, type Reading, type Seen } from './readings.ts'
import type { CaseResult } from './results.ts'
import type { TargetName } from './types.ts'

export interface Bar {
  readonly what: string
  readonly case: string
  /** The targets that the figure needs, or that are shown beside it. */
  readonly targets: readonly TargetName[]
  readonly read: Reading
  readonly bar: number
  readonly stretch: number | null
  readonly better: 'less' | 'more'
}

type Numbers = readonly [bar: number, stretch?: number]

const less = (
  what: string,
  name: string,
  targets: readonly TargetName[],
  read: Reading,
  [bar, stretch = undefined]: Numbers,
): Bar => ({ what, case: name, targets, read, bar, stretch: stretch ?? null, better: 'less' })

const cpu = (what: string, name: string, rival: TargetName, numbers: Numbers) =>
  less(`${what}, CPU`, name, ['bifrost', rival], cpuAgainst(rival), numbers)

const cheaper = (what: string, name: string, rival: TargetName, bar: number): Bar => ({
  what: `${what}, times cheaper than ${rival}`,
  case: name,
  targets: ['bifrost', rival],
  read: cheaperThan(rival),
  bar,
  stretch: null,
  better: 'more',
})

/** Measured every day by the quick mode. */
export const dailyBars: readonly Bar[] = [
  cpu('reverse 1 KB, keep-alive', 'reverse-1k', 'nginx', [1.5, 1.3]),
  cpu('reverse 1 KB, a connection per request', 'reverse-1k-close', 'nginx', [2.2, 1.5]),
  cpu('reverse 1 KB over TLS, keep-alive', 'reverse-1k-tls', 'nginx', [2.2, 1.9]),
  cpu('forward absolute-form 1 KB', 'forward-1k', 'squid', [0.36, 0.28]),
  cpu('CONNECT set-up', 'connect-setup', 'squid', [0.85, 0.7]),
  cpu('CONNECT 1 GiB', 'connect-bytes', 'squid', [0.85, 0.7]),
  cpu('static 1 KB, hot', 'static-1k', 'nginx', [1, 0.7]),
  cpu('static 100 KB, hot', 'static-100k', 'nginx', [1.5, 1.3]),
  less(
    'JSON access log and 1 % of spans, CPU added',
    'reverse-1k-observed',
    ['bifrost', 'bifrost-observed', 'nginx'],
    addedBy('bifrost-observed', 'nginx'),
    [0.3, 0.15],
  ),
  less('idle connection, KiB of heap', 'idle', ['bifrost', 'nginx'], kibOf('heapBytes', 'nginx'), [4]),
  less('idle connection, KiB of RSS', 'idle', ['bifrost', 'nginx'], kibOf('rssBytes', 'nginx'), [10]),
  less(
    'p50 of new connections to p50 of kept ones',
    'new-beside-kept',
    ['bifrost', 'nginx'],
    newToKept('nginx'),
    [2],
  ),
]

export const bars: readonly Bar[] = [
  ...dailyBars,
  cheaper('reverse 1 KB, keep-alive', 'reverse-1k', 'http-proxy-3', 1.8),
  cheaper('forward absolute-form 1 KB', 'forward-1k', 'proxy-chain', 2),
  cheaper('static 1 KB, hot', 'static-1k', 'sirv-cli', 3),
]

export type Outcome = 'stretch met' | 'met' | 'missed' | 'not measured'

export interface Verdict {
  readonly bar: Bar
  readonly outcome: Outcome
  readonly seen: Seen | null
}

/** Judges each bar by the median of the paired rounds. */
export function judgeBars(results: readonly CaseResult[], all: readonly Bar[] = bars): Verdict[] {
  return all.map((bar) => {
    const result = results.find((one) => one.case.name === bar.case)
    const seen = result === undefined ? null : bar.read(result)
    return { bar, seen, outcome: seen === null ? 'not measured' : outcomeOf(bar, seen.figure.median) }
  })
}

function outcomeOf({ bar, stretch, better }: Bar, figure: number): Outcome {
  const reaches = (limit: number) => (better === 'less' ? figure <= limit : figure >= limit)
  if (stretch !== null && reaches(stretch)) return 'stretch met'
  return reaches(bar) ? 'met' : 'missed'
}
