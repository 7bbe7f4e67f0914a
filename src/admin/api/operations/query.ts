/** Building blocks for query parameters. */
import { z } from 'zod'

export interface NumberBounds {
  readonly min?: number
  readonly max?: number
}

/** A non-negative integer in decimal digits: no sign, no fraction, not empty. */
export function queryNumber(description: string, bounds: NumberBounds = {}) {
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = bounds
  const error = ({ input }: { readonly input?: unknown }) =>
    `${quoted(input)} is not a whole number from ${min} to ${max}`
  const number = z.number({ error }).int({ error, abort: true }).min(min, { error }).max(max, { error })
  return z.preprocess((text) => (isDigits(text) ? Number(text) : text), number).meta({ description })
}

/** 16 digits stay within the range a number holds exactly. */
const isDigits = (text: unknown): text is string => typeof text === 'string' && /^\d{1,16}$/.test(text)

const maxShown = 40

function quoted(input: unknown): string {
  const text = String(input)
  return `"${text.length > maxShown ? `${text.slice(0, maxShown)}…` : text}"`
}
