import { z } from 'zod'

/** What the parameters of a query are made of. */

export interface NumberBounds {
  readonly min?: number
  readonly max?: number
}

/** A whole number in decimal digits and nothing else: no sign, no fraction, not empty. */
export function wholeNumber(description: string, bounds: NumberBounds = {}) {
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = bounds
  const error = ({ input }: { readonly input?: unknown }) =>
    `${quoted(input)} is no whole number from ${min} to ${max}`
  const number = z.number({ error }).int({ error, abort: true }).min(min, { error }).max(max, { error })
  return z.preprocess((text) => (isDigits(text) ? Number(text) : text), number).meta({ description })
}

/** No longer than what a number can hold exactly. */
const isDigits = (text: unknown): text is string => typeof text === 'string' && /^\d{1,16}$/.test(text)

const maxShown = 40

function quoted(input: unknown): string {
  const text = String(input)
  return `"${text.length > maxShown ? `${text.slice(0, maxShown)}…` : text}"`
}
