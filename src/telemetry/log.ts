/** Daemon log: one line an event, text, to a writer that the composition root supplies. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error'
export type LogFields = Readonly<Record<string, unknown>>
export type Log = (level: LogLevel, message: string, fields?: LogFields) => void

const quote = (value: unknown): string => {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'undefined')
  // A line stays a line, whatever a client put into it.
  return /^[\w.:/#@%+,-]+$/.test(text) ? text : JSON.stringify(text)
}

/** `2026-11-23T20:00:00.000Z warn  worker crashed instance=reverse_proxy#1 reason=threw` */
export function formatLogLine(at: Date, level: LogLevel, message: string, fields: LogFields = {}): string {
  const pairs = Object.entries(fields).map(([name, value]) => ` ${name}=${quote(value)}`)
  return `${at.toISOString()} ${level.padEnd(5)} ${message.replaceAll(/[\r\n]+/g, ' ')}${pairs.join('')}\n`
}

export function createLog(write: (line: string) => void, now: () => number = Date.now): Log {
  return (level, message, fields) => write(formatLogLine(new Date(now()), level, message, fields))
}
