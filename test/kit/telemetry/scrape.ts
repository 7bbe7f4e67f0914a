/** Scrapes the metrics of a test daemon. */
import type { TestDaemon } from '../daemons/daemon.ts'
import { type Sample, samplesOf } from './prometheus-text.ts'

/** Metrics as a Prometheus server reads them. */
export class Scrape {
  readonly samples: readonly Sample[]

  constructor(text: string) {
    this.samples = samplesOf(text)
  }

  /** Sum over all series with these labels. */
  sum(name: string, labels: Readonly<Record<string, string>> = {}): number {
    return this.of(name, labels).reduce((sum, { value }) => sum + value, 0)
  }

  of(name: string, labels: Readonly<Record<string, string>> = {}): readonly Sample[] {
    return this.samples.filter(
      (sample) =>
        sample.name === name &&
        Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
    )
  }
}

export async function scrape(running: TestDaemon, query = ''): Promise<Scrape> {
  return new Scrape((await running.admin(`/metrics${query}`)).text)
}
