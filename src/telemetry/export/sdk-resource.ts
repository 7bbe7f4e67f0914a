/** The resource attributes that identify this daemon in every span, metric and log record. */
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { arch, hostname, platform } from 'node:os'
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources'
import type { Origin } from './span-export.ts'

/** Configured attributes override detected ones. */
export function originOf(given: Readonly<Record<string, string>>): Origin {
  const version = ownVersion()
  // Not the SDK's process detector: it exports the command line, and a host program's may contain secrets.
  const own = resourceFromAttributes({
    'service.name': 'bifrost-bridge',
    'service.version': version,
    'service.instance.id': randomUUID(),
    'host.name': hostname(),
    'host.arch': architectures[arch()] ?? arch(),
    'os.type': systems[platform()] ?? platform(),
    'process.pid': process.pid,
    'process.runtime.name': 'nodejs',
    'process.runtime.version': process.versions.node,
  })
  const resource = defaultResource().merge(own).merge(resourceFromAttributes(given))
  return { resource, instrumentationScope: { name: 'bifrost-bridge', version } }
}

/** Names of the semantic conventions where Node uses others; unlisted names are exported unchanged. */
const architectures: Readonly<Record<string, string>> = {
  x64: 'amd64',
  ia32: 'x86',
  arm: 'arm32',
  ppc: 'ppc32',
}
const systems: Readonly<Record<string, string>> = { win32: 'windows', sunos: 'solaris' }

/** Reads package.json, from the source tree or from dist. */
function ownVersion(): string {
  const root = new URL(import.meta.filename.endsWith('.ts') ? '../../../' : '../../../../', import.meta.url)
  const { version } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as {
    readonly version: string
  }
  return version
}
