/** Writes the results into docs/performance.md, between two marks, and their plots into docs/images. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { summary } from './markdown-report.ts'
import { plotsOf } from './plots/plots.ts'
import type { ReportInput } from './report-input.ts'
import { projectDir } from './targets/node.ts'

const begin = '<!-- npm run bench -- --write: begin -->'
const end = '<!-- npm run bench -- --write: end -->'

/** Returns the written files. */
export function writeDocument(input: ReportInput, docs = join(projectDir, 'docs')): string[] {
  const images = join(docs, 'images')
  mkdirSync(images, { recursive: true })
  const plots = plotsOf(input.results)
  for (const { file, svg } of plots) writeFileSync(join(images, file), svg)
  const document = join(docs, 'performance.md')
  const lines = [
    `The run of ${input.at.toISOString().slice(0, 10)}:\n`,
    ...summary(input),
    ...plots.map(({ file, title }) => `### ${title}\n\n![${title}](images/${file})\n`),
  ]
  writeFileSync(document, replaceBetween(readFileSync(document, 'utf8'), lines.join('\n')))
  return [document, ...plots.map(({ file }) => join(images, file))]
}

/** Throws if the marks are missing. */
export function replaceBetween(text: string, content: string): string {
  const [from, to] = [text.indexOf(begin), text.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`docs/performance.md needs the marks ${begin} and ${end}`)
  return `${text.slice(0, from + begin.length)}\n${content.trim()}\n${text.slice(to)}`
}
