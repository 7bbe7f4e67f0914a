/** Copies the compiled admin page into dist. Part of `npm run build`. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { loadPageFiles } from '../src/admin/page-files.ts'

const folder = join(import.meta.dirname, '../dist/src/admin/page')
rmSync(folder, { recursive: true, force: true })
for (const [path, { bytes }] of await loadPageFiles()) {
  const file = join(folder, path === '/' ? 'index.html' : path.replace('/page/', ''))
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, bytes)
}
