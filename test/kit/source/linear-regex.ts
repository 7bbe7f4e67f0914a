/**
 * Whether a regular expression takes linear time for any text, by two simple rules:
 *
 *   no repetition without bound                                               constant work at each place
 *   one repetition without bound, of one character at a time, after ^         one start, and one way back along the run
 *
 * False means that the rules do not apply, not that it is slow.
 */
export function isProvablyLinear(source: string, flags: string): boolean {
  const parser = new Parser(source)
  const degree = parser.alternatives()
  if (!parser.isAtEnd) throw new Error(`not understood: /${source}/ at ${parser.at}`)
  return degree === 0 || (degree === 1 && parser.isAnchored && !flags.includes('m'))
}

/**
 * Computes how many unbounded repetitions a match can contain in sequence; Infinity if the rules do not
 * apply.
 */
class Parser {
  at = 0
  isAnchored = true
  readonly #source: string
  #groupDepth = 0

  constructor(source: string) {
    this.#source = source
  }

  get isAtEnd(): boolean {
    return this.at === this.#source.length
  }

  alternatives(): number {
    let most = this.#sequence()
    while (this.#take('|')) most = Math.max(most, this.#sequence())
    return most
  }

  #sequence(): number {
    if (this.#groupDepth === 0 && !this.#isNext('^')) this.isAnchored = false
    let sum = 0
    while (!this.isAtEnd && !this.#isNext('|') && !this.#isNext(')')) {
      const from = this.at
      const inside = this.#atom()
      const isGroup = this.#source.charAt(from) === '('
      sum += this.#repeated(inside, isGroup)
    }
    return sum
  }

  #repeated(inside: number, isGroup: boolean): number {
    if (this.#take('?')) return inside
    const bounded = /^\{(\d+)(,?)(\d*)\}/.exec(this.#source.slice(this.at))
    const isUnbounded = this.#take('*') || this.#take('+')
    if (bounded !== null) this.at += bounded[0].length
    if (bounded === null && !isUnbounded) return inside
    this.#take('?')
    const [, least = '', comma = '', most = ''] = bounded ?? []
    const isFixed = bounded !== null && (comma === '' || least === most)
    if (isFixed) return inside === 0 ? 0 : Number.POSITIVE_INFINITY
    // A varying repetition of a group may match one text in several ways.
    if (isGroup || inside > 0) return Number.POSITIVE_INFINITY
    return isUnbounded || most === '' ? 1 : 0
  }

  #atom(): number {
    if (this.#take('(')) {
      const look = /^\?<?[=!]/.exec(this.#source.slice(this.at))
      const name = /^\?(?::|<\w+>|<?[=!])/.exec(this.#source.slice(this.at))
      this.at += name?.[0].length ?? 0
      this.#groupDepth += 1
      const degree = this.alternatives()
      this.#groupDepth -= 1
      if (!this.#take(')')) throw new Error(`a group without end: ${this.#source}`)
      return look !== null && degree > 0 ? Number.POSITIVE_INFINITY : degree
    }
    if (this.#take('[')) {
      while (!this.#take(']')) this.at += this.#isNext('\\') ? 2 : 1
      return 0
    }
    if (this.#isNext('\\')) {
      const isBackReference = /^\\(?:[1-9]|k<)/.test(this.#source.slice(this.at))
      this.at += 2
      return isBackReference ? Number.POSITIVE_INFINITY : 0
    }
    this.at += 1
    return 0
  }

  #isNext(character: string): boolean {
    return this.#source.charAt(this.at) === character
  }

  #take(character: string): boolean {
    if (this.isAtEnd || !this.#isNext(character)) return false
    this.at += 1
    return true
  }
}
