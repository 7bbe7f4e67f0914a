import { posix } from 'node:path'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { loadPageFiles, type PageFile } from '../../../src/admin/page-files.ts'

let files: ReadonlyMap<string, PageFile>
const warned = vi.fn()

beforeAll(async () => {
  process.on('warning', warned)
  files = await loadPageFiles()
  await new Promise(setImmediate)
  process.off('warning', warned)
})

const text = (path: string) => files.get(path)?.bytes.toString() ?? ''
const scripts = () => [...files.keys()].filter((path) => path.endsWith('.js'))

describe('files of the page', () => {
  test('are the page at / and all other files below /page/', () => {
    expect(files.get('/')?.type).toBe('text/html; charset=utf-8')
    const others = [...files.keys()].filter((path) => path !== '/')
    expect(others.every((path) => path.startsWith('/page/'))).toBe(true)
    expect(others).toContain('/page/charts/worker.json')
    expect(others.filter((path) => path.includes('tsconfig') || path.endsWith('.ts'))).toEqual([])
  })

  test('contain JavaScript without types whose imports all exist', () => {
    for (const path of scripts()) {
      const imports = [...text(path).matchAll(/^(?:import|export|\}).*? from '([^']+)'|^import '([^']+)'/gm)]
      for (const [, from = '', bare = ''] of imports) {
        const wanted = posix.join(posix.dirname(path), from || bare)
        expect(files.has(wanted), `${path} imports ${wanted}`).toBe(true)
      }
      expect(text(path)).not.toMatch(/^import type|: readonly |\bas const\b/m)
    }
  })

  test('cause no warning when their types are stripped', () => expect(warned).not.toHaveBeenCalled())

  test('contain no inline script, no inline style and nothing from another site', () => {
    const page = text('/')
    expect(page).not.toMatch(/<style|\sstyle=|\son\w+=|<script(?![^>]*src=")/)
    expect([...page.matchAll(/(?:src|href)="([^"#]+)"/g)].every(([, to]) => files.has(to ?? ''))).toBe(true)
    const outside = [...files.values()].flatMap(
      ({ bytes }) => bytes.toString().match(/https?:\/\/[^\s"'`)]+/g) ?? [],
    )
    expect([...new Set(outside)].filter((url) => !url.startsWith('http://www.w3.org/'))).toEqual([])
  })
})
