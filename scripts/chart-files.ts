/** Lays out every machine that actors/ exports: the files of the page's chart folder. */
import { globSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type AnyStateMachine, StateMachine } from 'xstate'
import { layoutOf } from './chart-layout.ts'
import { chartOf } from './chart-walk.ts'

const root = join(import.meta.dirname, '..')
export const chartFolder = join(root, 'src/admin/page/charts')

async function machines(): Promise<readonly AnyStateMachine[]> {
  const files = globSync('actors/*.ts', { cwd: root }).sort()
  const modules = await Promise.all(files.map((file) => import(pathToFileURL(join(root, file)).href)))
  const found = modules.flatMap((exports: Record<string, unknown>) =>
    Object.values(exports).filter((one) => one instanceof StateMachine),
  )
  return [...new Set(found)] as AnyStateMachine[]
}

/** File name -> content. The same machines always produce the same bytes. */
export async function chartFiles(): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>()
  for (const machine of await machines()) {
    const chart = chartOf(machine)
    const file = { chart, layout: await layoutOf(chart) }
    files.set(`${machine.id}.json`, `${JSON.stringify(file)}\n`)
  }
  return files
}
