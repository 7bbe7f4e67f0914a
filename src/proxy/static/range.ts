/** Reads byte ranges (RFC 9110 section 14). */
export interface ByteSpan {
  readonly start: number
  readonly length: number
}

const single = /^bytes=[\t ]*(\d*)-(\d*)[\t ]*$/i

/**
 * Reads one byte range of a file (RFC 9110 section 14.1.2). WHOLE for no range, several ranges or an
 * unreadable field, all of which a server may ignore: assembling many small parts costs more than it saves.
 */
export function selectRange(header: string | undefined, size: number): ByteSpan | 'WHOLE' | 'UNSATISFIABLE' {
  const match = header === undefined ? null : single.exec(header)
  if (match === null) return 'WHOLE'
  const [, first = '', last = ''] = match
  if (first === '') return last === '' ? 'WHOLE' : suffix(Number(last), size)
  const start = Number(first)
  const end = last === '' ? size - 1 : Number(last)
  if (last !== '' && end < start) return 'WHOLE'
  if (start >= size) return 'UNSATISFIABLE'
  return { start, length: Math.min(end, size - 1) - start + 1 }
}

/**
 * A suffix range. A length beyond the file's size means the whole file; an empty file has no range a 206
 * could name.
 */
function suffix(wanted: number, size: number): ByteSpan | 'WHOLE' | 'UNSATISFIABLE' {
  if (wanted === 0) return 'UNSATISFIABLE'
  if (size === 0) return 'WHOLE'
  const length = Math.min(wanted, size)
  return { start: size - length, length }
}
