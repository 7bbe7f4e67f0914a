// HTTP dates (RFC 9110 section 5.6.7): writes the preferred form, reads that and the two obsolete ones.
const imf = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/
const rfc850 = /^[A-Z][a-z]{5,8}, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT$/
const asctime = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/

/** Milliseconds since the epoch; undefined if the text is not an HTTP-date. The condition is then ignored. */
export function parseHttpDate(text: string): number | undefined {
  let zoned: string
  if (imf.test(text) || rfc850.test(text)) zoned = text
  else if (asctime.test(text)) zoned = `${text} GMT`
  else return undefined
  const at = Date.parse(zoned)
  return Number.isNaN(at) ? undefined : at
}

/** HTTP dates have whole seconds. */
export function formatHttpDate(atMs: number): string {
  return new Date(atMs).toUTCString()
}
