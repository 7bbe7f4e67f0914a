/** Every parser that sees bytes of a peer, with the characters that mean something to it and the beginnings that lead into its loops. */
export interface Parser {
  readonly name: string
  readonly run: (text: string) => unknown
  readonly alphabet: string
  readonly beginnings?: readonly string[]
}
