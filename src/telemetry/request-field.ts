/** Reads one field of a request from its flat list of names and values. */

/** Flat names and values, as received. */
export type RequestFields = readonly string[]

/** The value of a field by its lower-case name, several joined as one list (RFC 9110 5.3); undefined without one. */
export function requestField(fields: RequestFields, lower: string): string | undefined {
  let list: string | undefined
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] as string
    if (name.length !== lower.length || (name !== lower && name.toLowerCase() !== lower)) continue
    // RFC 6265 4.2.1: the parts of a cookie are separated by semicolons.
    const separator = lower === 'cookie' ? '; ' : ', '
    list = list === undefined ? (fields[at + 1] as string) : `${list}${separator}${fields[at + 1]}`
  }
  return list
}
