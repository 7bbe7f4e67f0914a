/** The files of the page, as a browser gets them. */
import { readdir, readFile } from 'node:fs/promises'
import { stripTypeScriptTypes } from 'node:module'
import { extname, join } from 'node:path'
import { tagOf } from './answer.ts'

/** A file of the page as it is served. */
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

/**
 * Loads the files by URL path: the page at `/`, everything else below `/page/`. A requested path never
 * reaches the file system.
 */
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

/**
 * Converts a file. In a checkout the browser code is TypeScript and its types are stripped; the build uses
 * this function for the JavaScript in the package.
 */
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

/**
 * Suppresses Node's warning that type stripping is experimental. It is needed in a checkout only, and a test
 * covers it.
 */
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

/** Loads the files for the first viewer and keeps them. */
export function pageFileAt(path: string): Promise<PageFile | undefined> {
  loading ??= loadPageFiles()
  return loading.then((files) => files.get(path))
}
