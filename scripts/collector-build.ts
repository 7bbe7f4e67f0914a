/**
 * Builds the OpenTelemetry Collector for the tests: `npm run collector:build`. test/kit/collector/collector-binary.ts
 * names its path and manifest. If it cannot build, it prints what is missing.
 */
import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pid } from 'node:process'
import { binaryPath, manifestPath } from '../test/kit/collector/collector-binary.ts'

interface Ran {
  readonly ok: boolean
  readonly text: string
}

const componentLine = /^ *- gomod: (\S+) (\S+)$/
const builderModule = 'go.opentelemetry.io/collector/cmd/builder'

const say = (line: string) => process.stdout.write(`${line}\n`)

function fail(line: string): never {
  process.stderr.write(`collector:build: ${line}\n`)
  process.exit(1)
}

function go(words: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): Ran {
  return run('go', words, cwd, env)
}

function run(command: string, words: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): Ran {
  const { status, stdout, stderr, error } = spawnSync(command, words, {
    cwd,
    // A static build without debug data needs no C toolchain and links in half the time.
    env: { ...process.env, CGO_ENABLED: '0', ...env },
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  })
  return { ok: status === 0, text: error === undefined ? `${stdout}${stderr}` : error.message }
}

const lastLines = (text: string) => text.trim().split('\n').slice(-12).join('\n')

/**
 * Splits the manifest into the components the Go module proxy serves and those it refuses. Each is requested
 * in a module of its own.
 */
function withoutRefused(manifest: string, folder: string): { manifest: string; refused: readonly string[] } {
  const refused: string[] = []
  const kept = manifest.split('\n').filter((line) => {
    const [, module, version] = componentLine.exec(line) ?? []
    if (module === undefined) return true
    const scratch = mkdtempSync(join(folder, 'probe-'))
    writeFileSync(join(scratch, 'go.mod'), 'module probe\n')
    const got = go(['get', `${module}@${version}`], scratch)
    const loaded = got.ok ? go(['list', '-mod=mod', '-deps', module], scratch) : got
    if (loaded.ok) return true
    say(`dropped: ${module} ${version}: ${lastLines(loaded.text).split('\n').at(-1)}`)
    refused.push(module)
    return false
  })
  // Drop a list that lost all its components.
  return { manifest: kept.join('\n').replace(/^\w+:\n(?! )/gm, ''), refused }
}

function build(folder: string, manifest: string, builder: string): Ran {
  writeFileSync(join(folder, 'builder.yaml'), manifest.replace(/^dist:\n/m, 'dist:\n  output_path: ./out\n'))
  return run(builder, ['--config=builder.yaml', '--ldflags=-s -w'], folder)
}

const binary = binaryPath()
if (existsSync(binary)) {
  say(`collector:build: ${binary} is there already`)
  process.exit(0)
}
if (!go(['version'], '.').ok)
  fail('there is no Go toolchain (go is not on the PATH); 1.25 or newer is needed')

const startedMs = performance.now()
const manifest = readFileSync(manifestPath, 'utf8')
const version =
  /\/receiver\/otlpreceiver (\S+)/.exec(manifest)?.[1] ?? fail(`${manifestPath} has no OTLP receiver`)
const folder = mkdtempSync(join(tmpdir(), 'bifrost-collector-build-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

const installed = go(['install', '-trimpath', '-ldflags=-s -w', `${builderModule}@${version}`], folder, {
  GOBIN: folder,
})
if (!installed.ok) fail(`the Collector Builder ${version} cannot be had:\n${lastLines(installed.text)}`)
const builder = join(folder, 'builder')
let built = build(folder, manifest, builder)
if (!built.ok) {
  const rest = withoutRefused(manifest, folder)
  if (rest.refused.length > 0) built = build(folder, rest.manifest, builder)
}
if (!built.ok) fail(`the Collector does not build:\n${lastLines(built.text)}`)
mkdirSync(dirname(binary), { recursive: true })
// Rename into place, so that a concurrent reader or build never sees half a file.
copyFileSync(join(folder, 'out/otelcol'), `${binary}.${pid}`)
renameSync(`${binary}.${pid}`, binary)
say(`collector:build: ${binary} (${version}), ${((performance.now() - startedMs) / 1000).toFixed(0)} s`)
