/** Texts and fields for log lines about an exchange. */
interface Ids {
  readonly requestId: string | null
  readonly traceId: string | null
  readonly spanId: string | null
}

/** Log fields that identify an exchange and its trace. */
export function idFields({ requestId, traceId, spanId }: Ids): Readonly<Record<string, string>> {
  return {
    ...(requestId === null ? {} : { requestId }),
    ...(traceId === null ? {} : { trace_id: traceId }),
    ...(spanId === null ? {} : { span_id: spanId }),
  }
}

export const causeOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))
