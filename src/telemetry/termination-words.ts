/**
 * Meanings of the two termination letters of an exchange (`KH`, from src/proxy/exchange/termination.ts). The
 * page's explanations use this table, and a test compares it with docs/operations.md.
 */
export const endedBy: ReadonlyMap<string, string> = new Map(
  Object.entries({
    C: 'the client left',
    c: 'the client exceeded a time limit',
    S: 'the upstream refused, closed early or sent an invalid response',
    s: 'the upstream exceeded a time limit',
    P: 'the proxy refused the request',
    L: 'a limit of the proxy was reached',
    K: 'a drain timeout or an operator cut it off',
    I: 'a bug in the proxy ended it',
  }),
)

export const endedWhile: ReadonlyMap<string, string> = new Map(
  Object.entries({
    R: 'the request was read or refused',
    C: 'the upstream was dialled',
    H: 'the proxy waited for the response head',
    D: 'the response was sent',
    T: 'it was a tunnel',
  }),
)

/** `KH` -> `a drain timeout or an operator cut it off, while the proxy waited for the response head`. */
export function terminationWords(termination: string): string {
  if (termination === '--') return 'it completed'
  const [who = '', phase = ''] = termination
  return `${endedBy.get(who) ?? `unknown (${who})`}, while ${endedWhile.get(phase) ?? `unknown (${phase})`}`
}
