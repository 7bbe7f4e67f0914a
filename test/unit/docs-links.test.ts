/** Links, anchors and file names in all Markdown files lead somewhere. */
import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')
const documents = globSync(['*.md', '{docs,bench,test,deploy,config}/**/*.md'], {
  cwd: root,
  exclude: ['**/node_modules/**'],
}).toSorted()

const read = (file: string) => readFileSync(join(root, file), 'utf8')

/** Text without code blocks: they may contain brackets that are not links. */
const prose = (text: string) => text.replaceAll(/^ *```.*?^ *```/gms, '')

/** GitHub's anchor of a heading: lower case, without punctuation, a hyphen for each space. */
const anchorOf = (heading: string) =>
  heading
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
    .replaceAll(' ', '-')

const anchorsOf = (file: string) =>
  new Set([...prose(read(file)).matchAll(/^#+ +(.+?) *$/gm)].map(([, heading = '']) => anchorOf(heading)))

interface Link {
  readonly path: string
  readonly anchor: string
}

const linksOf = (file: string): readonly Link[] =>
  [
    ...prose(read(file))
      .replaceAll(/`[^`]*`/g, '')
      .matchAll(/\]\(([^()\s]+)\)/g),
  ]
    .map(([, to = '']) => to)
    .filter((to) => !/^[a-z]+:/.test(to))
    .map((to) => {
      const [path = '', anchor = ''] = to.split('#')
      return { path: path === '' ? file : normalize(join(dirname(file), path)), anchor }
    })

function faultOf({ path, anchor }: Link): string | null {
  if (!existsSync(join(root, path))) return `${path} does not exist`
  if (anchor === '' || statSync(join(root, path)).isDirectory()) return null
  return anchorsOf(path).has(anchor) ? null : `${path} has no heading #${anchor}`
}

describe('links of documents', () => {
  test('are found', () => {
    expect(documents).toContain('README.md')
    expect(linksOf('README.md').length).toBeGreaterThan(10)
  })

  test.each(documents)('%s has no dead link', (file) => {
    expect(linksOf(file).flatMap((link) => faultOf(link) ?? [])).toEqual([])
  })

  test.each(documents)('%s names existing files only', (file) => {
    const names = [
      ...prose(read(file)).matchAll(/`((?:src|actors|test|scripts|bench|deploy|config)\/[\w./-]+)`/g),
    ]
    expect(names.map(([, name = '']) => name).filter((name) => !existsSync(join(root, name)))).toEqual([])
  })
})
