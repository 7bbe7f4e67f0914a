import { describe } from 'vitest'
import { whyNoCollector } from '../kit/collector/collector-binary.ts'

/**
 * Describes a suite whose requirement may be missing. Its tests are then skipped, and the reason is printed.
 */
export function describeWith(missing: string | null, name: string, tests: () => void): void {
  if (missing !== null) process.stderr.write(`${name}: skipped, since ${missing}\n`)
  describe.skipIf(missing !== null)(name, tests)
}

export const describeCollector = (name: string, tests: () => void): void =>
  describeWith(whyNoCollector(), name, tests)
