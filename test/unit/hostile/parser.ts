/**
 * A parser that reads bytes of a peer, with the characters that it treats specially and the beginnings that
 * lead into its loops.
 */
export interface Parser {
  readonly name: string
  readonly run: (text: string) => unknown
  readonly alphabet: string
  readonly beginnings?: readonly string[]
}
