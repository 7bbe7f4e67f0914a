/**
 * Finds regular expressions in TypeScript source formatted by Biome: a slash after an operand is a division.
 */

export interface RegexLiteral {
  readonly source: string
  readonly flags: string
}

const operand = /[\w$)\]}]$/
const keywordBefore = /(?:^|[^\w$.])(?:return|typeof|case|of|in|await|yield)$/
const flagLetters = /[dgimsuvy]*/y

export function regexLiterals(code: string): readonly RegexLiteral[] {
  const found: RegexLiteral[] = []
  /** Brace depth at which each open template literal continues. */
  const templates: number[] = []
  let depth = 0
  let before = ''
  for (let at = 0; at < code.length; ) {
    const character = code.charAt(at)
    const next = code.charAt(at + 1)
    if (character === '/' && next === '/') at = endOf(code, '\n', at)
    else if (character === '/' && next === '*') at = endOf(code, '*/', at)
    else if (character === '/' && !isDivision(before)) {
      const end = endOfRegex(code, at)
      flagLetters.lastIndex = end
      const flags = flagLetters.exec(code)?.[0] ?? ''
      found.push({ source: code.slice(at + 1, end - 1), flags })
      at = end + flags.length
      before = ')'
    } else if (character === "'" || character === '"') {
      at = endOfString(code, at, character)
      before = ')'
    } else if (character === '`' || (character === '}' && templates.at(-1) === depth)) {
      if (character === '}') templates.pop()
      at += 1
      while (at < code.length && code.charAt(at) !== '`' && code.slice(at, at + 2) !== '${') {
        at += code.charAt(at) === '\\' ? 2 : 1
      }
      const isHole = code.charAt(at) === '$'
      if (isHole) templates.push(depth)
      at += isHole ? 2 : 1
      before = isHole ? '(' : ')'
    } else {
      if (character === '{') depth += 1
      if (character === '}') depth -= 1
      if (character.trim() !== '') before = `${before}${character}`.slice(-12)
      else if (operand.test(before)) before = `${before} `.slice(-12)
      at += 1
    }
  }
  return found
}

function isDivision(before: string): boolean {
  const text = before.trimEnd()
  return operand.test(text) && !keywordBefore.test(text)
}

function endOf(code: string, mark: string, from: number): number {
  const at = code.indexOf(mark, from)
  return at === -1 ? code.length : at + mark.length
}

function endOfString(code: string, from: number, quote: string): number {
  let at = from + 1
  while (at < code.length && code.charAt(at) !== quote) at += code.charAt(at) === '\\' ? 2 : 1
  return at + 1
}

function endOfRegex(code: string, from: number): number {
  let isClass = false
  for (let at = from + 1; at < code.length; at += 1) {
    const character = code.charAt(at)
    if (character === '\n') throw new Error(`no regular expression: ${code.slice(from, at)}`)
    if (character === '\\') at += 1
    else if (character === '[') isClass = true
    else if (character === ']') isClass = false
    else if (character === '/' && !isClass) return at + 1
  }
  throw new Error('a regular expression without end')
}
