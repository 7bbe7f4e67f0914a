import { describe } from 'vitest'
import { whyNoCollector } from '../kit/collector-binary.ts'

const missing = whyNoCollector()

/** A suite that needs a Collector. Where there is none its tests count as skipped, and its name says why. */
export function describeCollector(name: string, tests: () => void): void {
  describe.skipIf(missing !== null)(missing === null ? name : `${name} (skipped: ${missing})`, tests)
}
