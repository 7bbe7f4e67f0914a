/**
 * Reads the standard OTEL_* variables. As OpenTelemetry asks, a value that is none is ignored and told: telemetry is no reason for a proxy not
 * to start. The warnings name variables and never values, which may be secret.
 */
import { decodeKeyPairs } from './key-pairs.ts'
import type { Environment } from './keyring.ts'

export class OtelEnvironment {
  readonly warnings: string[] = []
  readonly #env: Environment

  constructor(env: Environment) {
    this.#env = env
  }

  /** The first of these that is set; an empty variable is none. */
  text(...names: readonly string[]): string | undefined {
    return this.#first(names)?.value
  }

  is(name: string): boolean {
    return this.text(name)?.toLowerCase() === 'true'
  }

  oneOf<Word extends string>(words: readonly Word[], ...names: readonly string[]): Word | undefined {
    return this.read(names, `must be ${words.join(' or ')}`, (value) => words.find((word) => word === value))
  }

  /** A whole number above 0. */
  count(...names: readonly string[]): number | undefined {
    return this.read(names, 'must be a whole number above 0', (value) => {
      const number = Number(value)
      return Number.isInteger(number) && number > 0 && number < 2 ** 31 ? number : undefined
    })
  }

  /** `name=value,name=value`, percent-encoded, as W3C Baggage; those of the later names win. */
  pairs(...names: readonly string[]): Readonly<Record<string, string>> {
    return Object.assign(
      {},
      ...names.map((name) =>
        this.read([name], 'must be name=value pairs with commas between them', decodeKeyPairs),
      ),
    )
  }

  read<Value>(
    names: readonly string[],
    right: string,
    parse: (value: string) => Value | undefined,
  ): Value | undefined {
    const found = this.#first(names)
    if (found === undefined) return undefined
    const parsed = parse(found.value)
    if (parsed === undefined) this.warn(found.name, right)
    return parsed
  }

  warn(name: string, right: string): void {
    const text = `${name} is ignored: ${right}`
    if (!this.warnings.includes(text)) this.warnings.push(text)
  }

  #first(names: readonly string[]): { readonly name: string; readonly value: string } | undefined {
    for (const name of names) {
      const value = this.#env[name]?.trim()
      if (value !== undefined && value !== '') return { name, value }
    }
    return undefined
  }
}
