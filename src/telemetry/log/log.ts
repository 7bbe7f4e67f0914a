/** The daemon log: one line per event. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error'
export type LogFields = Readonly<Record<string, unknown>>
export type Log = (level: LogLevel, message: string, fields?: LogFields) => void

const ranks: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 }

/** True if `level` is at least `least`. */
export const isAtLeast = (level: LogLevel, least: LogLevel): boolean => ranks[level] >= ranks[least]

export type FormatLog = (at: Date, level: LogLevel, message: string, fields?: LogFields) => string

const escapeUnit = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`

/** Escapes everything outside printable ASCII, so that no input can break a line. */
const safe = (text: string): string => text.replaceAll(/[^\x20-\x7e]/g, escapeUnit)

/** Maximum length of a value in characters. */
const maxCharacters = 4_096
const cut = (text: string): string =>
  text.length > maxCharacters ? `${text.slice(0, maxCharacters)}...` : text

const quote = (value: unknown): string => {
  const text = cut(typeof value === 'string' ? value : (JSON.stringify(value) ?? 'undefined'))
  return /^[\w.:/#@%+,-]+$/.test(text) ? text : safe(JSON.stringify(text))
}

/** Formats as text: `2026-11-23T20:00:00.000Z warn worker crashed instance=reverse_proxy#1 reason=threw` */
export const formatLogLine: FormatLog = (at, level, message, fields = {}) => {
  const pairs = Object.entries(fields).map(([name, value]) => ` ${name}=${quote(value)}`)
  const text = safe(cut(message).replaceAll(/[\r\n]+/g, ' '))
  return `${at.toISOString()} ${level.padEnd(5)} ${text}${pairs.join('')}\n`
}

/**
 * Formats as JSON: `{"time":"2026-11-23T20:00:00.000Z","level":"warn","message":"worker
 * crashed","instance":"reverse_proxy#1"}`
 */
export const formatLogJson: FormatLog = (at, level, message, fields = {}) => {
  const { time: _time, level: _level, message: detail, ...others } = fields
  const own = { time: at.toISOString(), level, message }
  const whole = { ...own, ...(detail === undefined ? {} : { detail }), ...others }
  return `${safe(JSON.stringify(whole, (_, value) => (typeof value === 'string' ? cut(value) : value)))}\n`
}

/** A log that passes each line to all the given logs. */
export function tee(...logs: readonly Log[]): Log {
  const [only] = logs
  if (only !== undefined && logs.length === 1) return only
  return (level, message, fields) => {
    for (const log of logs) log(level, message, fields)
  }
}
