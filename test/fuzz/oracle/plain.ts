/**
 * What we accept and llhttp refuses, each with its RFC section. The oracle is then given the same bytes with that one
 * thing made plain, so that a rule hides nothing else.
 */
import { knownMethods } from './llhttp.ts'
import { refusesTarget } from './ours.ts'
import type { Message } from './reading.ts'

/** The parts of one message that are made plain. */
export interface Edit {
  readonly method?: string
  readonly target?: string
  readonly hasPlainChunks?: boolean
  readonly status?: string
  /** Connection and Upgrade are renamed, and the version is 1.1. */
  readonly isDetached?: boolean
  /** Transfer-Encoding has no blank behind its value. */
  readonly isTrimmed?: boolean
}

export interface Plainer {
  readonly rule: string
  readonly edit: Edit
}

/** Returns the next thing to make plain; null if there is nothing that explains the refusal. */
export function plainer(mine: Message, other: Message, before: Edit = {}, body = ''): Plainer | null {
  const isHead = other.bodyAt === -1 && other.version === 0
  if (mine.method !== '' && isHead) {
    if (before.method === undefined && !knownMethods.has(mine.method)) return knownMethod(before)
    if (before.target === undefined && other.fault.startsWith('HPE_INVALID_URL') && refusesTarget(mine)) {
      const target = mine.method === 'CONNECT' ? 'a:1' : '/'
      return {
        rule: 'RFC 9112 3.2: a bad target is answered by decide, not by the parser',
        edit: { ...before, target },
      }
    }
  }
  if (!isHead && mine.isChunked && before.hasPlainChunks !== true && plainChunks(body) !== body) {
    return {
      rule: 'RFC 9112 7.1.1: blanks in chunk extensions',
      edit: { ...before, hasPlainChunks: true },
    }
  }
  return null
}

const knownMethod = (before: Edit): Plainer => ({
  rule: 'RFC 9110 9.1: a method that llhttp does not know',
  edit: { ...before, method: 'POST' },
})

/** llhttp waits for the preface of HTTP/2 after this method, whatever follows. */
export const preface = (mine: Message, before: Edit = {}): Plainer | null =>
  mine.method === 'PRI' && mine.phase !== 'refused' && before.method === undefined
    ? knownMethod(before)
    : null

const tabBehindCoding = /(\r\ntransfer-encoding:[^\r\n]*?)[ \t]*\t[ \t]*(?=\r\n)/gi

/** Blanks behind a value are not part of it; llhttp takes a tab behind `chunked` for the end of another coding. */
export function trimmed(mine: Message, text: string, before: Edit = {}): Plainer | null {
  if (!mine.isChunked || before.isTrimmed === true || !text.includes('\t')) return null
  const head = text.slice(mine.start, mine.bodyAt)
  if (head.replace(tabBehindCoding, '$1') === head) return null
  return {
    rule: 'RFC 9110 5.5: a tab behind the value of Transfer-Encoding',
    edit: { ...before, isTrimmed: true },
  }
}

/** An informational response ends with its head; llhttp knows that of 100, 102 and 103 only. */
export function informational(mine: Message, before: Edit = {}): Plainer | null {
  const isOne = mine.status >= 104 && mine.status < 200 && before.status === undefined
  if (!isOne) return null
  return { rule: 'RFC 9112 6.3: no 1xx response has a body', edit: { ...before, status: '103' } }
}

/** What llhttp carries over from a message that has ended to its connection. */
export function detached(mine: Message, before: Edit = {}): Plainer | null {
  if (before.isDetached === true) return null
  const isInformational = mine.status >= 100 && mine.status < 200 && mine.status !== 101
  if (isInformational && (mine.version === 10 || names(mine.fields))) {
    return {
      rule: 'RFC 9112 9.6: close counts in the final response only',
      edit: { ...before, isDetached: true },
    }
  }
  if (!names(mine.trailers)) return null
  return {
    rule: 'RFC 9110 6.5.1: Connection and Upgrade in a trailer section have no effect',
    edit: { ...before, isDetached: true },
  }
}

const names = (fields: readonly string[]): boolean =>
  fields.some((name, at) => at % 2 === 0 && /^(?:(?:proxy-)?connection|upgrade)$/i.test(name))

/** Applies edits to the messages that we have read. */
export function edited(text: string, ours: readonly Message[], edits: readonly (Edit | undefined)[]): string {
  let plain = ''
  for (let at = 0; at < ours.length; at += 1) {
    const message = ours[at] as Message
    const end = ours[at + 1]?.start ?? text.length
    const edit = edits[at]
    if (edit === undefined) {
      plain += text.slice(message.start, end)
      continue
    }
    const head = text.slice(message.start, message.bodyAt)
    const body = text.slice(message.bodyAt, end)
    const { method = message.method, target = message.target, status } = edit
    let now = head.replace(`${message.method} ${message.target} HTTP/`, () => `${method} ${target} HTTP/`)
    if (status !== undefined) now = now.replace(String(message.status), status)
    if (edit.isTrimmed === true) now = now.replace(tabBehindCoding, '$1')
    now += edit.hasPlainChunks === true ? plainChunks(body) : body
    // Of the same length, for the sake of chunks.
    if (edit.isDetached === true) {
      now = now
        .replaceAll('HTTP/1.0', 'HTTP/1.1')
        .replace(/\r\n(proxy-)?[cu](?=onnection:|pgrade:)/gi, '\r\n$1x')
    }
    plain += now
  }
  const last = ours.at(-1)
  return last === undefined ? text : plain
}

/** Removes the blanks around `;` and `=` from the lines of chunk sizes. */
function plainChunks(body: string): string {
  let plain = ''
  for (let at = 0; ; ) {
    const end = body.indexOf('\r\n', at)
    const line = end === -1 ? body.slice(at) : body.slice(at, end)
    const size = Number.parseInt(line, 16)
    plain += withoutBlanks(line)
    const next = end === -1 || !(size > 0) ? at + line.length : end + 4 + size
    plain += body.slice(at + line.length, next)
    if (!(size > 0) || next >= body.length) return plain + body.slice(next)
    at = next
  }
}

/** Blanks in quoted strings stay. */
const withoutBlanks = (line: string): string =>
  line.replace(/"(?:[^"\\]|\\.)*"|[ \t]*([;=])[ \t]*/g, (part, mark: string | undefined) => mark ?? part)
