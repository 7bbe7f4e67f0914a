import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

const folder = join(import.meta.dirname, '../page/charts')

/** What `npm run charts` has made, as it is; read when first asked for, and kept. Nothing is looked up by a name that was asked for. */
export class ChartFiles {
  readonly #folder: string
  #files: Promise<ReadonlyMap<string, string>> | null = null

  constructor(from: string = folder) {
    this.#folder = from
  }

  async names(): Promise<readonly string[]> {
    return [...(await this.#load()).keys()]
  }

  async text(name: string): Promise<string | null> {
    return (await this.#load()).get(name) ?? null
  }

  #load(): Promise<ReadonlyMap<string, string>> {
    this.#files ??= readAll(this.#folder)
    return this.#files
  }
}

async function readAll(from: string): Promise<ReadonlyMap<string, string>> {
  // Without the folder there is nothing to draw, and all the rest goes on.
  const entries = await readdir(from).catch(() => [])
  const files = entries.filter((name) => name.endsWith('.json')).toSorted()
  const texts = files.map(
    async (name) => [name.slice(0, -5), await readFile(join(from, name), 'utf8')] as const,
  )
  return new Map(await Promise.all(texts))
}
