/**
 * Limits on the attributes of spans and log records, set by OpenTelemetry's variables (OTEL_*_LIMIT). Pure.
 */
export interface AttributeLimits {
  readonly maxAttributes: number
  /** Maximum length of a text value; Infinity if unlimited. */
  readonly maxCharacters: number
}

export interface SpanLimits extends AttributeLimits {
  readonly maxEvents: number
  readonly maxEventAttributes: number
  readonly maxLinks: number
}

type Values = Readonly<Record<string, string | number | boolean>>

/** Keeps the first attributes and cuts long values; returns the same object if nothing changes. */
export function limitAttributes<Given extends Values>(
  attributes: Given,
  { maxAttributes, maxCharacters }: AttributeLimits,
): { readonly attributes: Given | Values; readonly dropped: number } {
  const entries = Object.entries(attributes)
  const dropped = Math.max(0, entries.length - maxAttributes)
  const isLong = (value: Values[string]): value is string =>
    typeof value === 'string' && value.length > maxCharacters
  if (dropped === 0 && !entries.some(([, value]) => isLong(value))) return { attributes, dropped }
  const kept = entries
    .slice(0, maxAttributes)
    .map(([name, value]) => [name, isLong(value) ? value.slice(0, maxCharacters) : value] as const)
  return { attributes: Object.fromEntries(kept), dropped }
}
