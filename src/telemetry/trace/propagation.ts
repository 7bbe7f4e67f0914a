/**
 * Reads the trace context from a request's fields and writes it to the upstream fields, in the configured
 * formats.
 */
import { type RequestFields, requestField } from '../request-field.ts'
import { deniesB3, formatB3, parseB3, parseB3Multi } from './b3.ts'
import { formatTraceparent, parseTraceparent, type TraceContext } from './trace-context.ts'

/**
 * `baggage` (W3C Baggage) carries no trace context: it is never read, and only dropped if its sender is not
 * trusted.
 */
export type TraceFormat = 'tracecontext' | 'baggage' | 'b3' | 'b3multi'

type FieldFormat = Exclude<TraceFormat, 'baggage'>

const fieldsOf: Readonly<Record<FieldFormat, readonly string[]>> = {
  tracecontext: ['traceparent', 'tracestate'],
  b3: ['b3'],
  b3multi: ['x-b3-traceid', 'x-b3-spanid', 'x-b3-parentspanid', 'x-b3-sampled', 'x-b3-flags'],
}

/** All fields that carry trace context, in any format. */
export const contextFields: ReadonlySet<string> = new Set([...Object.values(fieldsOf).flat(), 'baggage'])

export class Propagation {
  /** Fields that our own context replaces. */
  readonly own: ReadonlySet<string>
  /** The same without `tracestate`, which is kept when its trace is continued. */
  readonly ownButState: ReadonlySet<string>
  readonly isPlain: boolean
  readonly #formats: readonly FieldFormat[]

  constructor(formats: readonly TraceFormat[]) {
    this.#formats = formats.filter((format) => format !== 'baggage')
    this.own = new Set(this.#formats.flatMap((format) => fieldsOf[format]))
    this.ownButState = new Set([...this.own].filter((name) => name !== 'tracestate'))
    this.isPlain = this.#formats.length === 1 && this.#formats[0] === 'tracecontext'
  }

  /** True if a field is present that may hold a context, valid or not. */
  mayRead(fields: RequestFields): boolean {
    for (const name of this.ownButState) if (requestField(fields, name) !== undefined) return true
    return false
  }

  /**
   * Reads the first format with a context; `denied` if the sender wants no trace and sends no ids, null if
   * there is nothing.
   */
  read(fields: RequestFields): TraceContext | 'denied' | null {
    for (const format of this.#formats) {
      const found = readFormat(format, fields)
      if (found !== null) return found
    }
    return null
  }

  /** Appends the context to flat fields; returns its index for `rewrite`. */
  write(fields: string[], traceId: string, spanId: string, isSampled: boolean): number {
    const first = fields.length
    for (const format of this.#formats) {
      switch (format) {
        case 'tracecontext':
          fields.push('traceparent', formatTraceparent(traceId, spanId, isSampled))
          break
        case 'b3':
          fields.push('b3', formatB3(traceId, spanId, isSampled))
          break
        case 'b3multi':
          fields.push('X-B3-TraceId', traceId, 'X-B3-SpanId', spanId, 'X-B3-Sampled', isSampled ? '1' : '0')
      }
    }
    return first
  }

  /** Replaces the written context with that of another span. */
  rewrite(fields: string[], first: number, traceId: string, spanId: string): void {
    const fresh: string[] = []
    this.write(fresh, traceId, spanId, true)
    for (const [at, text] of fresh.entries()) fields[first + at] = text
  }
}

function readFormat(format: FieldFormat, fields: RequestFields): TraceContext | 'denied' | null {
  switch (format) {
    case 'tracecontext': {
      const value = requestField(fields, 'traceparent')
      return value === undefined ? null : parseTraceparent(value)
    }
    case 'b3': {
      const value = requestField(fields, 'b3')
      if (value === undefined) return null
      return deniesB3(value) ? 'denied' : parseB3(value)
    }
    case 'b3multi': {
      const sampled = requestField(fields, 'x-b3-sampled')
      const traceId = requestField(fields, 'x-b3-traceid')
      if (traceId === undefined) return sampled === '0' || sampled === 'false' ? 'denied' : null
      const spanId = requestField(fields, 'x-b3-spanid')
      return parseB3Multi({ traceId, spanId, sampled, flags: requestField(fields, 'x-b3-flags') })
    }
  }
}
