/**
 * Reads the standard OTEL_* variables. As OpenTelemetry requires, invalid values are ignored with a warning: telemetry
 * must not keep a proxy from starting. Warnings contain names of variables and keywords of the specification, but no
 * other values, which may be secret.
 */
import type { Environment } from '../secrets/keyring.ts'

/** Keywords of a variable with a list. */
interface Words<Word extends string> {
  readonly here: readonly Word[]
  /** Keywords of OpenTelemetry that are not supported here. */
  readonly elsewhere: readonly string[]
}

/** The maximum of OpenTelemetry, and of a timer in Node. */
const maxNumber = 2 ** 31 - 1

export class OtelEnvironment {
  readonly warnings: string[] = []
  readonly #env: Environment

  constructor(env: Environment) {
    this.#env = env
  }

  /** The first of these variables that is set and not empty. */
  find(...names: readonly string[]): { readonly name: string; readonly value: string } | undefined {
    for (const name of names) {
      const value = this.#env[name]?.trim()
      if (value !== undefined && value !== '') return { name, value }
    }
    return undefined
  }

  text(name: string): string | undefined {
    return this.find(name)?.value
  }

  is(...names: readonly string[]): boolean {
    const word = this.read(names, 'must be true or false', (value) =>
      ['true', 'false'].find((one) => one === value.toLowerCase()),
    )
    return word === 'true'
  }

  oneOf<Word extends string>(words: readonly Word[], ...names: readonly string[]): Word | undefined {
    return this.read(names, `must be ${words.join(' or ')}`, (value) =>
      words.find((word) => word === value.toLowerCase()),
    )
  }

  /** The supported keywords of a list, without duplicates, or undefined. Warns about each other one. */
  words<Word extends string>(name: string, { here, elsewhere }: Words<Word>): readonly Word[] | undefined {
    const found = new Set<Word>()
    for (const part of this.text(name)?.split(',') ?? []) {
      const given = part.trim().toLowerCase()
      const word = here.find((one) => one === given)
      if (word !== undefined) found.add(word)
      else if (given !== '') {
        const known = elsewhere.find((one) => one === given) ?? 'one of its values'
        this.warn(`${name}: ${known}`, `supported are ${here.join(', ')}`)
      }
    }
    return found.size === 0 ? undefined : [...found]
  }

  /** A whole number above 0, for sizes and intervals. */
  count(...names: readonly string[]): number | undefined {
    return this.#number(names, 1, 'above 0')
  }

  /** A whole number from 0, for limits and delays. */
  wholeNumber(...names: readonly string[]): number | undefined {
    return this.#number(names, 0, 'from 0 on')
  }

  /** Milliseconds; 0 means no timeout, as in OpenTelemetry. */
  timeout(...names: readonly string[]): number | undefined {
    const timeout = this.wholeNumber(...names)
    return timeout === 0 ? maxNumber : timeout
  }

  read<Value>(
    names: readonly string[],
    right: string,
    parse: (value: string) => Value | undefined,
  ): Value | undefined {
    const found = this.find(...names)
    if (found === undefined) return undefined
    const parsed = parse(found.value)
    if (parsed === undefined) this.warn(found.name, right)
    return parsed
  }

  warn(name: string, right: string): void {
    const text = `${name} is ignored: ${right}`
    if (!this.warnings.includes(text)) this.warnings.push(text)
  }

  #number(names: readonly string[], least: number, from: string): number | undefined {
    return this.read(names, `must be a whole number ${from}`, (value) => {
      const number = Number(value)
      return Number.isInteger(number) && number >= least && number <= maxNumber ? number : undefined
    })
  }
}
