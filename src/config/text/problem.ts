/** Problems of a configuration: where, what is wrong, and what would be right. */
import { BifrostError } from '../../errors.ts'
import { maskUrls, maskUserinfo } from '../secrets/userinfo.ts'

export type Path = readonly (string | number)[]

/** One problem. Lines and columns count from 1. */
export interface Problem {
  readonly line: number
  readonly column: number
  readonly path: Path
  /** `what is wrong; what would be right`. */
  readonly message: string
}

const maxLines = 1000

/** Makes one error of all problems: a line each, in file order: `file:line:column path.to.key: message`. */
export function invalid(file: string, problems: readonly Problem[]): BifrostError {
  const sorted = problems.toSorted((a, b) => a.line - b.line || a.column - b.column)
  const lines = sorted.slice(0, maxLines).map((problem) => {
    const path = formatPath(problem.path)
    return `${file}:${problem.line}:${problem.column}${path === '' ? '' : ` ${path}`}: ${maskUrls(problem.message)}`
  })
  if (sorted.length > maxLines) lines.push(`${file}: and ${sorted.length - maxLines} more`)
  return new BifrostError('CONFIG_INVALID', lines.join('\n'))
}

/** Formats as `workers.static_files.mounts[0].path`; keys with other characters are quoted in brackets. */
export function formatPath(path: Path): string {
  let text = ''
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`
    else if (!/^[\w$-]{1,60}$/.test(part)) text += `[${quote(part)}]`
    else text += text === '' ? part : `.${part}`
  }
  return text
}

/** Describes a value from the file for a one-line message. */
export function show(value: unknown): string {
  if (value === null) return 'empty (null)'
  if (typeof value === 'string') return `the text ${quote(value)}`
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list'
  return typeof value === 'object' ? 'an object' : String(value)
}

function quote(text: string): string {
  const shown = maskUserinfo(text)
  const quoted = JSON.stringify(shown.length > 60 ? `${shown.slice(0, 60)}…` : shown)
  // Unicode counts these as line ends and JSON does not escape them; a problem is one line.
  return quoted.replace(/[\u2028\u2029]/g, (end) => (end === '\u2028' ? '\\u2028' : '\\u2029'))
}
