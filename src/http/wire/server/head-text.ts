/** Writes the heads of HTTP/1.1 responses (RFC 9112 4). */
import { isName } from '../../fields/fields.ts'
import { type FieldFacts, type FieldList, PreparedFields } from '../../message/prepared.ts'
import { reasonPhrase } from '../../status.ts'

const lines = new Map<number, string>()

/** `reason` undefined: the standard one. */
export function statusLine(status: number, reason: string | undefined): string {
  if (reason !== undefined) return `HTTP/1.1 ${status} ${reason}\r\n`
  let line = lines.get(status)
  if (line === undefined) {
    line = `HTTP/1.1 ${status} ${reasonPhrase(status)}\r\n`
    lines.set(status, line)
  }
  return line
}

/** Writes the fields and notes what frames the message, in one pass. Prepared fields are written once. */
export function writtenFields(list: FieldList): FieldFacts {
  if (!(list instanceof PreparedFields)) return write(list)
  list.facts ??= write(list.fields)
  return list.facts
}

function write(fields: readonly string[]): FieldFacts {
  let text = ''
  let length = -1
  let hasDate = false
  let hasConnection = false
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] as string
    const value = fields[at + 1] as string
    if (name.length === 14 && isName(name, 'content-length')) length = Number(value)
    else if (name.length === 4 && isName(name, 'date')) hasDate = true
    else if (name.length === 10 && isName(name, 'connection')) hasConnection = true
    text += `${name}: ${value}\r\n`
  }
  return { text, length, hasDate, hasConnection }
}

let dateSecond = 0
let dateLine = ''

/** The Date field, made once a second. */
export function dateField(now = Date.now()): string {
  const second = Math.floor(now / 1000)
  if (second !== dateSecond) {
    dateSecond = second
    dateLine = `Date: ${new Date(now).toUTCString()}\r\n`
  }
  return dateLine
}

let keptFor = -1
let kept = ''

/** The fields of a response whose connection is kept for `secs` seconds (RFC 9112 9.3). */
export function keptText(secs: number): string {
  if (secs !== keptFor) {
    keptFor = secs
    kept = `Connection: keep-alive\r\nKeep-Alive: timeout=${secs}\r\n`
  }
  return kept
}
