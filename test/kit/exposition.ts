/** One line of Prometheus text. */
export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

const sampleLine = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)(?: \d+)?(?: # .*)?$/
const labelPair = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)",?/y

const unescaped = (text: string) => text.replace(/\\(.)/g, (_, sign: string) => (sign === 'n' ? '\n' : sign))

function labelsOf(text: string): Readonly<Record<string, string>> {
  const labels: Record<string, string> = {}
  labelPair.lastIndex = 0
  let end = 0
  for (let pair = labelPair.exec(text); pair !== null; pair = labelPair.exec(text)) {
    labels[pair[1] ?? ''] = unescaped(pair[2] ?? '')
    end = labelPair.lastIndex
  }
  if (end !== text.length) throw new Error(`these are no labels: ${text}`)
  return labels
}

/** Every sample of a scrape; a line that is none is an error. */
export function samplesOf(text: string): readonly Sample[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, name, labels = '', value] = sampleLine.exec(line) ?? []
      if (name === undefined || value === undefined) throw new Error(`this is no sample: ${line}`)
      return { name, labels: labelsOf(labels), value: Number(value.replace('Inf', 'Infinity')) }
    })
}

export type Labels = Readonly<Record<string, string>>

const matches = ({ labels }: Sample, wanted: Labels) =>
  Object.entries(wanted).every(([name, value]) => labels[name] === value)

/** Sum of what has this name and (at least) these labels; null when nothing has. */
export function sumOf(samples: readonly Sample[], name: string, labels: Labels = {}): number | null {
  const found = samples.filter((sample) => sample.name === name && matches(sample, labels))
  return found.length === 0 ? null : found.reduce((sum, { value }) => sum + value, 0)
}
