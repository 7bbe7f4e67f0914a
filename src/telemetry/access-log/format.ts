/** Access log formats: `json`, `combined` or a template, compiled once into a list of parts. */
import { Fragment, type LogChunk } from '../lines/chunk.ts'
import type { LineFormat } from '../lines/writer.ts'
import type { AccessRecord } from './access-record.ts'
import { escapePlain, maxCharacters, quoteJson, secretHeaders } from './escape.ts'
import { type Field, fields, headerField, templateFields, type Value } from './fields.ts'
import { compileParts, type PartSettings } from './parts.ts'

export interface AccessLogSettings {
  /** Absolute path of the file, or `stdout`. */
  readonly path: string
  /** `json`, `combined` or a template. */
  readonly format: string
  /** Maximum bytes that wait while the file is not writable; further lines are dropped. */
  readonly bufferBytes: number
  /** Longest time until a line is written. */
  readonly flushMs: number
}

/** Values that are the same in every line of a log. */
export interface LogNames {
  readonly worker: string
  readonly instance: string
}

/** The combined log format of Apache and nginx. `%bytes_sent` includes the head. */
const combined = '%client - %user [%clf_time] "%request" %status %bytes_sent "%{referer}" "%{user-agent}"'

const known: ReadonlyMap<string, Field> = new Map(Object.entries({ ...fields, ...templateFields }))
const constants = ['worker', 'instance'] as const

/** Names allowed after a `%`. */
const templateNames: readonly string[] = [...constants, ...known.keys()].sort()

type Token = string | { readonly field: string } | { readonly header: string }

const tokens = /%(?:([a-z_]+)|\{([^{}]*)\}|(%)|)/g

function parse(template: string): readonly Token[] {
  const parsed: Token[] = []
  let at = 0
  for (const match of template.matchAll(tokens)) {
    const [all, field, header, percent] = match
    parsed.push(template.slice(at, match.index))
    at = match.index + all.length
    if (field !== undefined) parsed.push({ field })
    else if (header !== undefined) parsed.push({ header: header.toLowerCase() })
    else parsed.push(percent ?? { field: '' })
  }
  parsed.push(template.slice(at))
  return parsed.filter((token) => token !== '')
}

/** Describes the fault of a format and its correction; undefined if the format is valid. */
export function formatFault(format: string): string | undefined {
  if (format === 'json' || format === 'combined') return undefined
  const parsed = parse(format)
  if (!parsed.some((token) => typeof token !== 'string')) {
    return 'must be "json", "combined" or a template, such as "%client %status %{user-agent}"'
  }
  if (!/^[\x20-\x7e]*$/.test(format)) return 'must contain only printable ASCII characters, on one line'
  for (const token of parsed) {
    if (typeof token === 'string') continue
    if ('header' in token) {
      if (secretHeaders.has(token.header)) return `%{${token.header}} is a secret and never logged; remove it`
      if (!/^[!#$%&'*+.^_`|~\da-z-]+$/.test(token.header)) {
        return `%{${token.header}} is not a header field, such as %{user-agent}`
      }
    } else if (token.field === '') {
      return 'has a % without a name; write %% for a percent sign'
    } else if (!templateNames.includes(token.field)) {
      return `%${token.field} is unknown; use ${templateNames.join(', ')}, or header fields such as %{user-agent}`
    }
  }
  return undefined
}

/** Throws TypeError if the format is invalid. */
export function compileFormat(format: string, names: LogNames): LineFormat<AccessRecord> {
  if (format === 'json') return compileJson(names)
  return compileTemplate(format === 'combined' ? combined : format, names)
}

function compileJson(names: LogNames): LineFormat<AccessRecord> {
  const { time, ...others } = fields
  const constant = `,"worker":${quoteJson(names.worker)},"instance":${quoteJson(names.instance)}`
  const rest = Object.entries<Field>(others).map(([name, field], at) => ({
    before: `${at === 0 ? `"${constant}` : ''},"${name}":`,
    field,
    put: field.kind === 'text' ? putTextJson : putPlainJson,
  }))
  return compileParts([{ before: '{"time":"', field: time, put: putPlainJson }, ...rest], '}\n')
}

const nothing = { json: new Fragment('null'), text: new Fragment('-') }

function putPlainJson(value: Value, chunk: LogChunk): void {
  if (value === null) chunk.constant(nothing.json)
  else if (typeof value === 'number') chunk.number(value)
  else if (typeof value === 'string') quote(value, chunk)
  else chunk.text(String(value))
}

function putTextJson(value: Value, chunk: LogChunk): void {
  if (value === null) chunk.constant(nothing.json)
  else quote(String(value), chunk)
}

function quote(text: string, chunk: LogChunk): void {
  chunk.byte(0x22)
  if (text.length <= maxCharacters && chunk.plain(text, 0x20)) chunk.byte(0x22)
  else chunk.text(quoteJson(text).slice(1))
}

function compileTemplate(template: string, names: LogNames): LineFormat<AccessRecord> {
  const fault = formatFault(template)
  if (fault !== undefined) throw new TypeError(`access log format: ${fault}`)
  const parts: PartSettings[] = []
  let before = ''
  let isQuoted = false
  for (const token of parse(template)) {
    if (typeof token === 'string') {
      before += token
      if (token.split('"').length % 2 === 0) isQuoted = !isQuoted
    } else if ('field' in token && (token.field === 'worker' || token.field === 'instance')) {
      before += escapePlain(names[token.field], isQuoted)
    } else {
      const field = 'header' in token ? headerField(token.header) : known.get(token.field)
      if (field === undefined) continue
      const put = field.kind === 'plain' ? putPlainText : isQuoted ? putQuotedText : putBareText
      parts.push({ before, field, put })
      before = ''
    }
  }
  return compileParts(parts, `${before}\n`)
}

function putPlainText(value: Value, chunk: LogChunk): void {
  if (value === null) chunk.constant(nothing.text)
  else if (typeof value === 'number') chunk.number(value)
  else chunk.text(String(value))
}

const putQuotedText = (value: Value, chunk: LogChunk): void => putText(value, chunk, true)
const putBareText = (value: Value, chunk: LogChunk): void => putText(value, chunk, false)

function putText(value: Value, chunk: LogChunk, isQuoted: boolean): void {
  const text = value === null ? '' : String(value)
  if (text === '') chunk.constant(nothing.text)
  else if (text.length > maxCharacters || !chunk.plain(text, isQuoted ? 0x20 : 0x21))
    chunk.text(escapePlain(text, isQuoted))
}
