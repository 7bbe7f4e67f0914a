/** A strict reader of the Prometheus and OpenMetrics text formats. */

/** One sample line of Prometheus text. */
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

/** Every sample of a scrape; throws on any other line. */
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

const endings = { counter: ['_total'], gauge: [''], histogram: ['_bucket', '_sum', '_count'] } as const

type Kind = keyof typeof endings

/**
 * Faults that a strict reader finds in the text. `isOpen` selects OpenMetrics 1.0, otherwise Prometheus
 * 0.0.4.
 */
export function faultsOf(text: string, isOpen: boolean): readonly string[] {
  const faults: string[] = []
  const lines = text.split('\n')
  if (lines.pop() !== '') faults.push('the last line does not end')
  if (isOpen && lines.pop() !== '# EOF') faults.push('the final # EOF is missing')
  /** Sample names already used, with their family. */
  const taken = new Map<string, string>()
  const seen = new Set<string>()
  let family = ''
  let due: readonly string[] = []
  for (const line of lines) {
    const [, word, name = '', rest = ''] = /^# (\w+) (\S+) (.*)$/.exec(line) ?? []
    if (word === 'HELP') {
      if (seen.has(line.slice(0, -rest.length))) faults.push(`twice: # HELP ${name}`)
      seen.add(line.slice(0, -rest.length))
      if (rest.trim() === '') faults.push(`no help: ${name}`)
      family = name
      due = []
    } else if (word === 'TYPE') {
      if (name !== family || due.length > 0) faults.push(`not where it belongs: ${line}`)
      // In 0.0.4 the family name of a counter includes its suffix.
      due = isOpen || rest !== 'counter' ? endings[rest as Kind].map((end) => name + end) : [name]
      for (const one of new Set([name, ...due])) {
        if (taken.has(one)) faults.push(`${name} takes ${one} of ${taken.get(one)}`)
        taken.set(one, name)
      }
      if (rest === 'counter' && isOpen === name.endsWith('_total'))
        faults.push(`no name of a counter: ${name}`)
    } else if (word === 'UNIT') {
      if (!isOpen || name !== family || !name.endsWith(`_${rest}`))
        faults.push(`not where it belongs: ${line}`)
    } else if (line.startsWith('#')) faults.push(`neither metadata nor a sample: ${line}`)
    else {
      const [sample] = samplesOf(line)
      const key = JSON.stringify([sample?.name, Object.entries(sample?.labels ?? {}).sort()])
      if (seen.has(key)) faults.push(`twice: ${line}`)
      seen.add(key)
      const isBare = family === '' && !taken.has(sample?.name ?? '')
      if (!isBare && !due.includes(sample?.name ?? '')) faults.push(`of no family, or apart from it: ${line}`)
    }
  }
  return [...faults, ...histogramFaults(samplesOf(isOpen ? lines.join('\n') : text))]
}

/** Finds buckets that decrease, and last buckets that differ from the count. */
function histogramFaults(samples: readonly Sample[]): readonly string[] {
  const latest = new Map<string, number>()
  const faults: string[] = []
  for (const { name, labels, value } of samples) {
    const { le, ...own } = labels
    const key = `${name.replace(/_(?:bucket|count)$/, '')} ${JSON.stringify(own)}`
    if (le !== undefined) {
      if (value < (latest.get(key) ?? 0)) faults.push(`falls at ${le}: ${key}`)
      latest.set(key, value)
      if (le === '+Inf') latest.set(`${key} all`, value)
    } else if (name.endsWith('_count') && latest.has(key)) {
      if (latest.get(`${key} all`) !== value) faults.push(`the count is not that of the last bucket: ${key}`)
    }
  }
  return faults
}

export type Labels = Readonly<Record<string, string>>

const matches = ({ labels }: Sample, wanted: Labels) =>
  Object.entries(wanted).every(([name, value]) => labels[name] === value)

/** Sum of the samples with this name and at least these labels, or null. */
export function sumOf(samples: readonly Sample[], name: string, labels: Labels = {}): number | null {
  const found = samples.filter((sample) => sample.name === name && matches(sample, labels))
  return found.length === 0 ? null : found.reduce((sum, { value }) => sum + value, 0)
}
