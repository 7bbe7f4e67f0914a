import { globSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'

/**
 * A row of the import table of docs/architecture.md. From `types` only types may be imported; `dynamic` may
 * be imported on demand only. A package without an entry may not be imported.
 */
interface Layer {
  readonly files: string
  readonly may: readonly string[]
  readonly types?: readonly string[]
  readonly dynamic?: readonly string[]
  /** A scope includes all of its packages. */
  readonly packages?: readonly string[]
  readonly typePackages?: readonly string[]
  readonly isPure?: boolean
}

const layers: readonly Layer[] = [
  { files: 'actors/**/*.ts', may: ['actors'], packages: ['xstate'], isPure: true },
  { files: 'src/errors.ts', may: [], isPure: true },
  { files: 'src/service-names.ts', may: [], isPure: true },
  { files: 'src/remedies.ts', may: [], types: ['src/errors.ts'], isPure: true },
  { files: 'src/tls/**/*.ts', may: ['src/tls'] },
  {
    files: 'src/config/**/*.ts',
    may: [
      'src/config',
      'src/tls',
      'src/http/address/address.ts',
      'src/http/address/upstream-url.ts',
      'src/telemetry/access-log/format.ts',
      'src/errors.ts',
      'src/service-names.ts',
    ],
    types: ['src/telemetry'],
    packages: ['zod', 'yaml'],
  },
  {
    files: 'src/telemetry/**/!(sdk|sdk-*).ts',
    may: ['src/telemetry', 'actors/ids.ts', 'src/errors.ts'],
    packages: ['@opentelemetry/api'],
    typePackages: ['@opentelemetry'],
  },
  {
    files: 'src/telemetry/export/sdk?(-*).ts',
    may: ['src/telemetry', 'src/errors.ts'],
    packages: ['@opentelemetry'],
  },
  {
    files: 'src/http/**/*.ts',
    may: ['src/http', 'src/telemetry', 'src/errors.ts'],
    types: ['src/tls'],
    packages: ['undici', 'http-proxy-3'],
  },
  {
    files: 'src/proxy/**/*.ts',
    may: ['src/proxy', 'src/http', 'src/telemetry', 'src/errors.ts', 'src/service-names.ts'],
    types: ['src/config', 'src/tls'],
    packages: ['mime', 'bcryptjs'],
  },
  {
    files: 'src/supervise/**/*.ts',
    may: [
      'src/supervise',
      'actors',
      'src/http/address/upstream-url.ts',
      'src/telemetry',
      'src/tls',
      'src/errors.ts',
      'src/service-names.ts',
    ],
    types: ['src/config'],
    dynamic: ['src/instance/instance.ts'],
    packages: ['xstate', 'rxjs'],
  },
  {
    files: 'src/admin/**/*.ts',
    types: ['src/proxy/explain/explain.ts'],
    dynamic: ['src/proxy/explain/explain.ts'],
    may: [
      'src/admin',
      'src/supervise',
      'src/config',
      'src/telemetry',
      'src/http/address/address.ts',
      'src/http/fields/entity-tag.ts',
      'src/http/address/peer.ts',
      'actors/ids.ts',
      'src/errors.ts',
      'src/remedies.ts',
      'src/service-names.ts',
    ],
    packages: ['zod'],
  },
  {
    files: 'src/admin/page/**/*.ts',
    may: ['src/admin/page'],
    types: ['src/admin/api'],
    packages: ['zod'],
    isPure: true,
  },
  {
    files: 'src/demo/**/*.ts',
    may: ['src/demo', 'src/supervise/channel/child-start.ts', 'src/errors.ts'],
    types: ['src/config'],
    packages: ['ws'],
  },
  {
    files: 'src/instance/**/*.ts',
    may: [
      'src/instance',
      'src/proxy',
      'src/http',
      'src/supervise/channel/channel.ts',
      'src/supervise/channel/child-start.ts',
      'src/supervise/channel/process-wire.ts',
      'src/telemetry',
      'actors',
      'src/errors.ts',
    ],
    types: ['src/supervise/channel/thread.ts'],
    packages: ['xstate'],
  },
  {
    files: 'src/daemon.ts',
    may: ['actors', 'src/supervise', 'src/admin', 'src/telemetry', 'src/errors.ts'],
    types: ['src/config'],
    packages: ['xstate'],
  },
  {
    files: 'src/api.ts',
    may: ['src/config', 'src/daemon.ts', 'src/errors.ts', 'src/service-names.ts', 'src/telemetry'],
    types: ['src/supervise'],
  },
  {
    files: 'src/cli/**/*.{ts,js}',
    may: ['src/cli', 'src/config', 'src/errors.ts', 'src/telemetry', 'src/daemon.ts'],
    dynamic: ['src/admin/offline.ts'],
  },
]

interface Import {
  readonly from: string
  readonly what: string
  readonly isType: boolean
  readonly isDynamic: boolean
}

const root = join(import.meta.dirname, '..')
const pattern =
  /^\s*(?:import|export)\s+(type\s)?[^'"]*?from\s+'([^']+)'|^\s*import\s+'([^']+)'|import\('([^']+)'\)/gm

function importsOf(file: string): readonly Import[] {
  const text = readFileSync(join(root, file), 'utf8')
  return [...text.matchAll(pattern)].map(([, type, from, bare, dynamic]) => {
    const what = from ?? bare ?? dynamic ?? ''
    return {
      from: file,
      what: what.startsWith('.') ? relative(root, join(root, file, '..', what)) : what,
      isType: type !== undefined,
      isDynamic: dynamic !== undefined,
    }
  })
}

const lies = (file: string, folder: string) => file === folder || file.startsWith(`${folder}/`)
const packageOf = (what: string) => what.split('/', what.startsWith('@') ? 2 : 1).join('/')

function isAllowed(layer: Layer, { what, isType, isDynamic }: Import): boolean {
  if (what.startsWith('node:')) return !layer.isPure
  const isOwn = what.startsWith('src/') || what.startsWith('actors/')
  if (!isOwn) {
    const isOneOf = (packages: readonly string[] = []) =>
      packages.some((one) => one === packageOf(what) || what.startsWith(`${one}/`))
    return isOneOf(layer.packages) || (isType && isOneOf(layer.typePackages))
  }
  return (
    layer.may.some((folder) => lies(what, folder)) ||
    (isType && (layer.types ?? []).some((folder) => lies(what, folder))) ||
    (isDynamic && (layer.dynamic ?? []).some((folder) => lies(what, folder)))
  )
}

const filesOf = (layer: Layer) => globSync(layer.files, { cwd: root })

describe('the import table', () => {
  test.each(layers)('allows every import of $files', (layer) => {
    const wrong = filesOf(layer)
      .flatMap(importsOf)
      .filter((one) => !isAllowed(layer, one))
      .map(({ from, what }) => `${from} imports ${what}`)
    expect(wrong).toEqual([])
  })

  test('allows imports of the telemetry SDK on demand only', () => {
    const files = globSync(['src/**/!(sdk|sdk-*).ts'], { cwd: root })
    const wrong = files
      .flatMap(importsOf)
      .filter(
        ({ what, isType, isDynamic }) => /^src\/telemetry\/export\/sdk/.test(what) && !isType && !isDynamic,
      )
    expect(wrong).toEqual([])
  })

  test('has a row for every file', () => {
    const known = new Set(layers.flatMap(filesOf))
    const all = globSync(['src/**/*.{ts,js}', 'actors/**/*.ts'], { cwd: root })
    expect(all.filter((file) => !known.has(file))).toEqual([])
  })
})

describe('rooms of src/proxy', () => {
  /** From the lowest to the highest; rooms in one row do not import each other. */
  const floors = [
    ['decide', 'destinations'],
    ['trace'],
    ['exchange'],
    ['guard', 'upstream', 'static'],
    ['explain', 'data-plane'],
  ]
  const floorOf = (room: string) => floors.findIndex((floor) => floor.includes(room))
  const roomOf = (file: string) => /^src\/proxy\/([^/]+)\//.exec(file)?.[1] ?? ''

  test('are all listed', () => {
    const rooms = globSync('src/proxy/**/*.ts', { cwd: root }).map(roomOf)
    expect(new Set(rooms)).toEqual(new Set(floors.flat()))
  })

  test('import lower rooms only, also for types', () => {
    const wrong = floors
      .flat()
      .flatMap((room) => globSync(`src/proxy/${room}/**/*.ts`, { cwd: root }))
      .flatMap(importsOf)
      .map(({ from, what }) => ({ from, what, own: roomOf(from), other: roomOf(what) }))
      .filter(({ own, other }) => own !== other && floorOf(other) >= floorOf(own))
      .map(({ from, what }) => `${from} imports ${what}`)
    expect(wrong).toEqual([])
  })
})

describe('source files', () => {
  /** Two central classes may be longer, so that the limit does not force a split. */
  const central = ['src/proxy/exchange/exchange.ts', 'src/proxy/data-plane/data-plane.ts']

  test('have at most 300 lines, or 400 for the two central ones', () => {
    const long = globSync(['src/**/*.{ts,js}', 'actors/**/*.ts', 'test/**/*.ts'], { cwd: root }).filter(
      (file) =>
        readFileSync(join(root, file), 'utf8').split('\n').length > (central.includes(file) ? 401 : 301),
    )
    expect(long).toEqual([])
  })

  test('are not barrels, and no folder is named utils, types or helpers', () => {
    const files = globSync(['src/**/*', 'actors/**/*'], { cwd: root })
    expect(files.filter((file) => /\/(utils?|types|helpers)(\/|\.ts|$)|\/index\.ts$/.test(file))).toEqual([])
  })
})

describe('exported names', () => {
  /**
   * Names exported twice for one thing: data and its schema, or a type of the daemon and its copy in the
   * page.
   */
  const twins = [
    'Explanation',
    'Move',
    'Overview',
    'Presence',
    'TrafficRecord',
    'exportMetrics',
    'historyFile',
    'litStates',
  ]

  test('have one meaning each', () => {
    const owners = new Map<string, Set<string>>()
    for (const file of globSync(['src/**/*.ts', 'actors/**/*.ts'], { cwd: root })) {
      const text = readFileSync(join(root, file), 'utf8')
      const exported = text.matchAll(
        /^export (?:async )?(?:function\*?|class|const|interface|type|let) (\w+)/gm,
      )
      for (const [, name = ''] of exported) owners.set(name, (owners.get(name) ?? new Set()).add(file))
    }
    const doubles = [...owners].flatMap(([name, files]) => (files.size > 1 ? [name] : []))
    expect(doubles.toSorted()).toEqual(twins)
  })
})
