/** Generates docs/configuration.md from the schema. */
import { z } from 'zod'
import { names } from '../src/config/schema/aliases.ts'
import { expectation, objectIn, unwrap } from '../src/config/schema/check.ts'
import { configSchema, type WorkerKey, workerKeys } from '../src/config/schema/schema.ts'

type Schema = z.core.$ZodType

interface Field {
  readonly path: string
  readonly expects: string
  readonly unit: string
  readonly description: string
  /** The default as JSON; `none` for an optional key without one. */
  readonly fallback: string
}

const intro = `# Configuration

<!-- Generated from src/config/schema/schema.ts by \`npm run docs\`; a test fails when it is out of date. -->

A configuration is one file: JSON, JSON with comments and trailing commas, or YAML 1.2 (without aliases and tags), in
UTF-8, at most 1 MiB. Files in \`config/\` are examples, each loaded by a test.

* Numbers of seconds may have fractions. Relative directories start from the directory of the configuration file.
* Keys that are not listed here are errors. A bad file names every bad field at once, a line each:
  \`file:line:column path.to.key: what is wrong; what would be right\`. Nothing is started then; the exit code is 78.
* \`--check\` prints the effective configuration: canonical names, every default filled in, only what runs.

## Which workers run, and where

| \`mode\` | What runs |
|---|---|
| \`Forward\` | \`forward_proxy\`; its block may be left out |
| \`Reverse\` | \`reverse_proxy\`, which needs a \`target\` |
| \`Static\` | \`static_files\`, which needs \`mounts\` |
| \`Combined\` | every worker that is given and not \`"enabled": false\` |

A worker with \`listen_addr\` listens there, and on each of its \`listeners\`. One with \`port\` listens on that port, on the host
of the top-level \`listen_addr\`. The others use the top-level \`listen_addr\` and \`listeners\`. Two or three such workers run as
one worker named \`combined\`: its memory limit is the sum of theirs, its CPU limit the sum up to 100, and it has as many
instances as the largest \`worker_threads\` among them. Connection limits, timeouts and pools stay separate.
`

const tlsIntro = `\`tls\` of a listener is for that listener, \`tls\` of a worker for its listeners that have none of their own, and \`tls\` of the top level for
the top-level \`listen_addr\` and \`listeners\`. Files are PEM; relative ones start from the directory of the configuration file. The host that a client
names (SNI) chooses the certificate: an exact name before a wildcard, which stands for one label.
`

/** Returns the page as Markdown. */
export function configurationPage(): string {
  const top = fieldsOf(configSchema, '').filter(({ path }) => !/^workers\.|^worker_separation\./.test(path))
  return [
    intro,
    '## Top level\n',
    topTable(top),
    '\n## TLS\n',
    tlsIntro,
    topTable(fieldsOf(unwrap(configSchema.shape.tls), 'tls.')),
    '\n## Workers\n',
    workerIntro(),
    workerTable(),
    '\n## Names\n',
    nameTable(),
    '',
  ].join('\n')
}

function fieldsOf(schema: Schema, prefix: string): readonly Field[] {
  if (!(schema instanceof z.ZodObject)) return []
  return Object.entries<Schema>(schema.shape).flatMap(([key, wrapped]) => {
    const path = `${prefix}${key}`
    const inner = unwrap(wrapped)
    const notes = z.globalRegistry.get(inner)
    const field: Field = {
      path,
      expects: inner instanceof z.ZodObject ? 'an object' : expectation(inner),
      unit: typeof notes?.['unit'] === 'string' ? notes['unit'] : '',
      description: notes?.description ?? '',
      fallback: fallback(wrapped),
    }
    const below =
      inner instanceof z.ZodArray
        ? fieldsOf(inner.element, `${path}[].`)
        : fieldsOf(objectIn(inner) ?? inner, `${path}.`)
    // `tls` appears in three places and has its own table.
    if (key === 'tls' && prefix !== 'telemetry.') return [field]
    // An object without a description gets no row; its keys do.
    return field.description === '' ? below : [field, ...below]
  })
}

function fallback(schema: Schema): string {
  if (schema instanceof z.ZodDefault) return `\`${JSON.stringify(schema.def.defaultValue)}\``
  return schema instanceof z.ZodOptional || schema instanceof z.ZodPrefault ? 'none' : 'required'
}

function topTable(fields: readonly Field[]): string {
  const rows = fields.map((field) => [`\`${field.path}\``, type(field), field.fallback, field.description])
  return table(['Key', 'Type', 'Default', 'Meaning'], rows)
}

function workerIntro(): string {
  return `Below \`workers\`: ${workerKeys.map((key) => `\`${key}\``).join(', ')}. A dash: the key does not apply to that worker.\n`
}

function workerTable(): string {
  const byWorker = workerKeys.map((key) => fieldsOf(workerSchema(key), ''))
  const paths = [...new Set(byWorker.flatMap((fields) => fields.map(({ path }) => path)))]
  const rows = paths.map((path) => {
    const found = byWorker.map((fields) => fields.find((field) => field.path === path))
    const [any] = found.filter((field) => field !== undefined)
    if (any === undefined) throw new Error(`no worker has ${path}`)
    const meanings = [
      ...new Set(found.map((field) => field?.description).filter((text) => text !== undefined)),
    ]
    return [
      `\`${path}\``,
      type(any),
      ...workerKeys.map((key, index) => defaultAt(key, byWorker[index] ?? [], path)),
      meanings.join(' Static files: '),
    ]
  })
  return table(['Key', 'Type', ...workerKeys.map((key) => `\`${key}\``), 'Meaning'], rows)
}

/** An alias has the default of its canonical key. */
function defaultAt(key: WorkerKey, fields: readonly Field[], path: string): string {
  if (!fields.some((field) => field.path === path)) return '–'
  const canonical = names[key].find((group) => group.includes(path))?.[0] ?? path
  return fields.find((field) => field.path === canonical)?.fallback ?? ''
}

function nameTable(): string {
  const rows = workerKeys.flatMap((key) =>
    names[key].map(([name, ...others]) => ({ key, name, others: others.join('`, `') })),
  )
  const merged = Map.groupBy(rows, ({ name, others }) => `\`${name}\` | \`${others}\``)
  const lines = [...merged].map(([pair, found]) => [
    ...pair.split(' | '),
    found.map(({ key }) => `\`${key}\``).join(', '),
  ])
  const text =
    'Some values have more than one name. All of them are accepted; two that disagree are an error.\n'
  return `${text}\n${table(['Canonical', 'Also', 'Worker'], lines)}`
}

function workerSchema(key: WorkerKey): Schema {
  const workers = unwrap(configSchema.shape.workers)
  return unwrap((workers as z.ZodObject).shape[key] as Schema)
}

function type({ expects, unit }: Field): string {
  return unit === '' || expects.includes('seconds') ? expects : `${expects} (${unit})`
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n')
}
