import { BifrostError } from '../../errors.ts'
import { maskUrls, maskUserinfo } from '../secrets/userinfo.ts'

export type Path = readonly (string | number)[]

/** One thing that is wrong with a configuration, and where. Lines and columns count from 1. */
export interface Problem {
  readonly line: number
  readonly column: number
  readonly path: Path
  /** What is wrong; what would be right. */
  readonly message: string
}

const maxLines = 1000

/** Every problem in one error, a line each, in the order of the file: `file:line:column path.to.key: message`. */
export function invalid(file: string, problems: readonly Problem[]): BifrostError {
  const sorted = problems.toSorted((a, b) => a.line - b.line || a.column - b.column)
  const lines = sorted.slice(0, maxLines).map((problem) => {
    const path = formatPath(problem.path)
    return `${file}:${problem.line}:${problem.column}${path === '' ? '' : ` ${path}`}: ${maskUrls(problem.message)}`
  })
  if (sorted.length > maxLines) lines.push(`${file}: and ${sorted.length - maxLines} more`)
  return new BifrostError('CONFIG_INVALID', lines.join('\n'))
}

/** `workers.static_files.mounts[0].path`; a key that is no plain word stands in brackets and quotes. */
export function formatPath(path: Path): string {
  let text = ''
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`
    else if (!/^[\w$-]{1,60}$/.test(part)) text += `[${quote(part)}]`
    else text += text === '' ? part : `.${part}`
  }
  return text
}

/** A value from the file as it may stand in a one-line message. */
export function show(value: unknown): string {
  if (value === null) return 'empty (null)'
  if (typeof value === 'string') return `the text ${quote(value)}`
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list'
  return typeof value === 'object' ? 'an object' : String(value)
}

function quote(text: string): string {
  const shown = maskUserinfo(text)
  const quoted = JSON.stringify(shown.length > 60 ? `${shown.slice(0, 60)}…` : shown)
  // Line ends to Unicode, though not to JSON: a problem is one line.
  return quoted.replace(/[\u2028\u2029]/g, (end) => (end === '\u2028' ? '\\u2028' : '\\u2029'))
}
