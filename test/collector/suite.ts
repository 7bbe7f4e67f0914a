import { describe } from 'vitest'
import { whyNoCollector } from '../kit/collector/collector-binary.ts'

/** A suite that needs what may be missing here. Then its tests count as skipped, and why is printed. */
export function describeWith(missing: string | null, name: string, tests: () => void): void {
  if (missing !== null) process.stderr.write(`${name}: skipped, since ${missing}\n`)
  describe.skipIf(missing !== null)(name, tests)
}

export const describeCollector = (name: string, tests: () => void): void =>
  describeWith(whyNoCollector(), name, tests)
