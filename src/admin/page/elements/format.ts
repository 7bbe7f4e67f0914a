/** Formats numbers for people. Digit widths stay constant so that columns do not jump. */

/** Formats a duration: `850 ms`, `12 s`, `4 min 05 s`, `3 h 20 min`, `2 d 4 h`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`
  const seconds = Math.floor(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${String(seconds % 60).padStart(2, '0')} s`
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return `${hours} h ${String(minutes % 60).padStart(2, '0')} min`
  return `${Math.floor(hours / 24)} d ${hours % 24} h`
}

/** Like `duration`, but in whole seconds, for texts that update every second. */
export const age = (ms: number): string => (ms < 1000 ? 'just now' : duration(ms))

/** Formats the time until a timer fires: `3.2 s`, `42 s`, `12:30`. */
export function remaining(ms: number): string {
  if (ms < 10_000) return `${(Math.max(0, ms) / 1000).toFixed(1)} s`
  const seconds = Math.ceil(ms / 1000)
  return seconds < 60
    ? `${seconds} s`
    : `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}

/** Formats a count: `0`, `0.4`, `12`, `1,250`, `12.5 k`. */
export function countText(value: number): string {
  if (value >= 10_000_000) return `${(value / 1_000_000).toFixed(1)} M`
  if (value >= 10_000) return `${(value / 1000).toFixed(1)} k`
  if (value >= 1000) return Math.round(value).toLocaleString('en-US')
  if (value >= 10 || Number.isInteger(value)) return String(Math.round(value))
  return value.toFixed(1)
}

/** Formats bytes in units of 1024: `512 B`, `38 KB`, `1.5 GB`. */
export function bytes(value: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB']
  let left = value
  let at = 0
  while (left >= 1024 && at < units.length - 1) {
    left /= 1024
    at += 1
  }
  return `${at === 0 || left >= 100 ? Math.round(left) : left.toFixed(left >= 10 ? 0 : 1)} ${units[at]}`
}

/** Formats several times in one unit: `0.84 · 6.20 ms`. */
export function millisecondsText(...values: readonly number[]): string {
  const isLong = Math.max(...values) >= 10_000
  const texts = values.map((value) => {
    const shown = isLong ? value / 1000 : value
    return shown >= 100 ? String(Math.round(shown)) : shown.toFixed(shown >= 10 ? 1 : 2)
  })
  return `${texts.join(' · ')} ${isLong ? 's' : 'ms'}`
}

/** Formats a ratio between 0 and 1 as a percentage. */
export function share(value: number): string {
  const percent = value * 100
  return `${percent > 0 && percent < 10 ? percent.toFixed(1) : Math.round(percent)} %`
}

const clock = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
})

/** Formats a time of day in the viewer's time zone: `14:03:09.120`. */
export const timeOfDay = (at: string | number): string => clock.format(new Date(at))
