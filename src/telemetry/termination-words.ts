/**
 * Meanings of the two termination letters of an exchange (`KH`, from src/proxy/exchange/termination.ts). The
 * page's explanations use this table, and a test compares it with docs/operations.md.
 */
export const endedBy: ReadonlyMap<string, string> = new Map(
  Object.entries({
    C: 'the client left',
    c: 'the client let a time limit run out',
    S: 'the upstream refused, broke off or answered nonsense',
    s: 'the upstream let a time limit run out',
    P: 'the proxy refused the request',
    L: 'a limit of the proxy was reached',
    K: 'it was cut off by the end of a drain, or by an operator',
    I: 'a bug of the proxy ended it',
  }),
)

export const endedWhile: ReadonlyMap<string, string> = new Map(
  Object.entries({
    R: 'the request was read, or refused as read',
    C: 'the upstream was dialled',
    H: 'its response head was awaited',
    D: 'the response was sent',
    T: 'it was a tunnel',
  }),
)

/** `KH` -> `it was cut off by the end of a drain, or by an operator, while its response head was awaited`. */
export function terminationWords(termination: string): string {
  if (termination === '--') return 'it came to its end'
  const [who = '', phase = ''] = termination
  return `${endedBy.get(who) ?? `not known (${who})`}, while ${endedWhile.get(phase) ?? `not known (${phase})`}`
}
