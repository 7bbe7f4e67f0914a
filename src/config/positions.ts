/**
 * Line and column of each setting, as plain data that outlives the text. Contains no values, and therefore no secrets.
 */
import { names } from './schema/aliases.ts'
import { workerKeys } from './schema/schema.ts'
import type { Source } from './text/parse.ts'
import { formatPath } from './text/problem.ts'

export interface Positions {
  /** File name as given. */
  readonly file: string
  /** Line and column, both from 1, by path: `workers.static_files.mounts[0]`. */
  readonly at: Readonly<Record<string, readonly [line: number, column: number]>>
}

/** The position that a setting comes from. */
export interface SettingPosition {
  readonly file: string
  readonly line: number
  readonly column: number
  /** Path written there: the setting, one of its aliases, or an object around it. */
  readonly path: string
  /** False: the setting itself was not written and has its default. */
  readonly isWritten: boolean
}

export function positionsOf(file: string, source: Pick<Source, 'written' | 'locate'>): Positions {
  const at: Record<string, readonly [number, number]> = Object.create(null)
  for (const path of source.written()) {
    const { line, column } = source.locate(path)
    at[formatPath(path)] = [line, column]
  }
  return { file, at }
}

/** The position of a setting by its canonical path; if it was not written, of the nearest object around it. */
export function positionOf({ file, at }: Positions, setting: string): SettingPosition | null {
  for (let path = setting; ; path = parentOf(path)) {
    for (const name of namesOf(path)) {
      const found = Object.hasOwn(at, name) ? at[name] : undefined
      if (found !== undefined)
        return { file, line: found[0], column: found[1], path: name, isWritten: path === setting }
    }
    if (path === '') return null
    // A worker without a block runs because of the mode.
    if (/^workers\.\w+$/.test(path) && Object.hasOwn(at, 'mode')) {
      const [line, column] = at['mode'] as readonly [number, number]
      return { file, line, column, path: 'mode', isWritten: false }
    }
  }
}

const parentOf = (path: string): string => path.slice(0, Math.max(0, path.search(/(?:\.[^.[]*|\[[^[]*\])$/)))

/** A path and its aliases. */
function namesOf(path: string): readonly string[] {
  const [, root = '', key, inside = ''] = /^(workers)\.(\w+)\.(.+)$/.exec(path) ?? []
  const worker = workerKeys.find((one) => one === key)
  const group = worker === undefined ? undefined : names[worker].find((one) => one[0] === inside)
  const own = group === undefined ? [path] : group.map((name) => `${root}.${worker}.${name}`)
  return own.flatMap((name) => [name, name.replace(/^workers(?=\.|$)/, 'worker_separation')])
}
