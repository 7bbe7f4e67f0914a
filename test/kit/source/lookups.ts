/** Lookups for maps.test.ts to find; never executed. */
export function lookups(table: Readonly<Record<string, string>>, word: string, key: 'a' | 'b', at: number) {
  const list = [word]
  return [table[word], table[word as 'a'], table[`${word}b`], word in table, table[key], list[at]]
}
