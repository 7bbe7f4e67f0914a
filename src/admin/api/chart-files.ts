/** The chart drawings that the interface serves. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { tagOf } from '../answer.ts'

const folder = join(import.meta.dirname, '../page/charts')

export interface ServedChart {
  readonly text: string
  /** Entity tag of the content. */
  readonly tag: string
}

/**
 * The chart files of `npm run charts`, read on first use and cached. A requested name never becomes a path.
 */
export class ChartFiles {
  readonly #folder: string
  #files: Promise<ReadonlyMap<string, ServedChart>> | null = null

  constructor(from: string = folder) {
    this.#folder = from
  }

  async names(): Promise<readonly string[]> {
    return [...(await this.#load()).keys()]
  }

  async file(name: string): Promise<ServedChart | null> {
    return (await this.#load()).get(name) ?? null
  }

  #load(): Promise<ReadonlyMap<string, ServedChart>> {
    this.#files ??= readAll(this.#folder)
    return this.#files
  }
}

async function readAll(from: string): Promise<ReadonlyMap<string, ServedChart>> {
  // Without the folder there are no charts, but everything else works.
  const entries = await readdir(from).catch(() => [])
  const files = entries.filter((name) => name.endsWith('.json')).toSorted()
  const read = files.map(async (name) => {
    const text = await readFile(join(from, name), 'utf8')
    return [name.slice(0, -5), { text, tag: tagOf(text) }] as const
  })
  return new Map(await Promise.all(read))
}
