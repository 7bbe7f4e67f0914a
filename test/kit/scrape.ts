import type { TestDaemon } from './daemon.ts'

export interface ScrapedSample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** What a Prometheus server would have read. */
export class Scrape {
  readonly samples: readonly ScrapedSample[]

  constructor(text: string) {
    this.samples = text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map(readSample)
  }

  /** Of all series that have these labels. */
  sum(name: string, labels: Readonly<Record<string, string>> = {}): number {
    return this.of(name, labels).reduce((sum, { value }) => sum + value, 0)
  }

  of(name: string, labels: Readonly<Record<string, string>> = {}): readonly ScrapedSample[] {
    return this.samples.filter(
      (sample) =>
        sample.name === name &&
        Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
    )
  }
}

function readSample(line: string): ScrapedSample {
  const [, name = '', labels = '', value = ''] = /^([\w:]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
  if (name === '') throw new Error(`not a sample: ${line}`)
  const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label, text]) => [label, text])
  return { name, labels: Object.fromEntries(pairs), value: Number(value) }
}

export async function scrape(running: TestDaemon, query = ''): Promise<Scrape> {
  return new Scrape((await running.admin(`/metrics${query}`)).text)
}
