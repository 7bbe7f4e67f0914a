import { readdir, readFile } from 'node:fs/promises'
import { stripTypeScriptTypes } from 'node:module'
import { extname, join } from 'node:path'
import { tagOf } from './answer.ts'

/** A file of the page, as it is served. */
export interface PageFile {
  readonly type: string
  readonly bytes: Buffer
  /** Entity tag of the bytes. */
  readonly tag: string
}

const types: ReadonlyMap<string, string> = new Map(
  Object.entries({
    '.html': 'text/html; charset=utf-8',
    '.css': 'text/css; charset=utf-8',
    '.js': 'text/javascript; charset=utf-8',
    '.json': 'application/json',
    '.svg': 'image/svg+xml',
  }),
)

const folder = join(import.meta.dirname, 'page')

/** Path -> file: the page at `/`, all else below `/page/`. Only what is in the folder is there; nothing is looked up by a path that was asked for. */
export async function loadPageFiles(): Promise<ReadonlyMap<string, PageFile>> {
  const files = new Map<string, PageFile>()
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  for (const entry of entries) {
    if (!entry.isFile() || entry.name.startsWith('tsconfig')) continue
    const path = join(entry.parentPath, entry.name)
    const name = path.slice(folder.length + 1).replaceAll('\\', '/')
    const file = pageFile(name, await readFile(path))
    if (file !== null) files.set(name === 'index.html' ? '/' : `/page/${file.name}`, file)
  }
  return files
}

/** The browser's code is TypeScript in a checkout, and JavaScript in the package, which the build makes in this very way. */
function pageFile(name: string, bytes: Buffer): (PageFile & { readonly name: string }) | null {
  const type = types.get(extname(name))
  if (type !== undefined) return { name, type, bytes, tag: tagOf(bytes) }
  if (!name.endsWith('.ts') || name.endsWith('.d.ts')) return null
  const code = stripped(bytes.toString()).replaceAll(
    /^((?:import|export|\}) [^'\n]*?'\.[^'\n]*)\.ts'$/gm,
    "$1.js'",
  )
  return {
    name: name.replace(/\.ts$/, '.js'),
    type: types.get('.js') ?? '',
    bytes: Buffer.from(code),
    tag: tagOf(code),
  }
}

/** Node says once that this is experimental. It happens in a checkout only, and is pinned by a test. */
function stripped(code: string): string {
  const { emitWarning } = process
  process.emitWarning = () => {}
  try {
    return stripTypeScriptTypes(code)
  } finally {
    process.emitWarning = emitWarning
  }
}

let loading: Promise<ReadonlyMap<string, PageFile>> | null = null

/** Loaded when the first viewer comes, and kept. */
export function pageFileAt(path: string): Promise<PageFile | undefined> {
  loading ??= loadPageFiles()
  return loading.then((files) => files.get(path))
}
