/** Profiles an instance of Bifrost under the load of a case: the ten functions with the most time of their own. */
import { bulk } from './cases/sizes.ts'
import { type Contender, Contenders } from './contenders.ts'
import { drive, warmUp } from './drivers/drive.ts'
import { onGrounds } from './grounds.ts'
import { type Profile, startProfile, stopProfile } from './probe/client.ts'
import type { Driven } from './results.ts'
import type { Table } from './table.ts'
import { projectDir } from './targets/node.ts'
import type { Case } from './types.ts'

const top = 10
const warmUpMs = 2_000
/** For the loads `open` and `ramp`. */
const perSecond = 5_000

export interface Profiled {
  readonly case: Case
  readonly table: Table
}

/** Idle connections have no load to profile. */
export async function profileCases(
  cases: readonly Case[],
  seconds: number,
  runDir: string,
  say: (text: string) => void,
): Promise<Profiled[]> {
  return onGrounds(
    runDir,
    say,
    () => {},
    async (grounds) => {
      const all: Profiled[] = []
      for (const one of cases.filter(({ load }) => load.kind !== 'idle')) {
        const contenders = new Contenders(one, grounds)
        const target = one.targets.includes('bifrost-observed') ? 'bifrost-observed' : 'bifrost'
        await contenders.attempt(target, async () => {
          all.push({ case: one, table: await profile(one, await contenders.enter(target, true), seconds) })
        })
        await contenders.stopAll()
      }
      return all
    },
  )
}

async function profile(one: Case, { ports, probeDir }: Contender, seconds: number): Promise<Table> {
  if (probeDir === null) throw new Error('only instances of Bifrost can be profiled')
  await warmUp(one.load, ports, warmUpMs)
  await startProfile(probeDir)
  const driven = await drive(one.load, ports, { ms: seconds * 1000, perSecond, totalMiB: bulk.totalMiB })
  return profileTable(await stopProfile(probeDir), driven, one)
}

/** Shares are of the time in which the thread was not idle. */
export function profileTable(profile: Profile, { done }: Pick<Driven, 'done'>, { unit }: Case): Table {
  const selfUs = new Map<string, number>()
  const names = new Map(profile.nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]))
  profile.samples.forEach((id, index) => {
    const name = names.get(id) ?? '?'
    selfUs.set(name, (selfUs.get(name) ?? 0) + Math.max(0, profile.timeDeltas[index] ?? 0))
  })
  for (const name of selfUs.keys()) if (isOutside(name)) selfUs.delete(name)
  const total = [...selfUs.values()].reduce((sum, us) => sum + us, 0)
  const rows = [...selfUs]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, top)
    .map(([name, us]) => [name, `${((us / total) * 100).toFixed(1)} %`, (us / done).toFixed(2)])
  return { head: ['function', 'self', `us/${unit}`], rows }
}

/** Waiting, and the start of the profiler itself. */
const isOutside = (name: string) => name === '(idle)' || name.includes('  node:inspector:')

function nameOf({ functionName, url, lineNumber }: Profile['nodes'][number]['callFrame']): string {
  const name = functionName === '' ? '(anonymous)' : functionName
  const file = url.replace(`file://${projectDir}/`, '')
  return file === '' ? name : `${name}  ${file}:${lineNumber + 1}`
}
