/** The start-up text: addresses, limits (seed S182) and commands to try. */
import { formatAddress } from '../config/address/address.ts'
import type { LoadedConfig } from '../config/load.ts'
import type { ListenAddress, ServiceSettings, WorkerSettings } from '../config/settings/settings.ts'

type Addresses = Readonly<Record<string, readonly ListenAddress[]>>

/** Formats the address as a client on this machine can use it. */
function reachable({ host, port }: ListenAddress): string {
  if (host === '0.0.0.0') return `127.0.0.1:${port}`
  return host === '::' ? `[::1]:${port}` : formatAddress({ host, port })
}

const purpose: Readonly<Record<ServiceSettings['type'], (service: never) => string>> = {
  forward: () => 'forward proxy',
  reverse: (service: { readonly target: string }) => `reverse proxy to ${service.target}`,
  static: (service: { readonly mounts: readonly { readonly path: string; readonly rootDir: string }[] }) =>
    `static files ${service.mounts.map(({ path, rootDir }) => `${path} from ${rootDir}`).join(', ')}`,
}

const connectionLimit = ({ maxConnections }: ServiceSettings) => `max ${maxConnections} connections`

/** Memory and CPU limits hold for each instance, however many services it has; connection limits are shared out. */
const instanceLimits = ({ instances, maxMemoryMb, maxCpuPercent }: WorkerSettings) => {
  const limits = `${maxMemoryMb} MB, ${maxCpuPercent} % CPU`
  return instances > 1 ? `${instances} instances, each max ${limits}` : limits
}

function describeWorker(worker: WorkerSettings, addresses: Addresses): string {
  const sockets = worker.listen.filter((listener) => 'path' in listener)
  const at = [...(addresses[worker.name] ?? []), ...sockets].map(formatAddress).join(', ')
  const isCombined = worker.services.length > 1
  const services = worker.services.map((service) => {
    const limits = isCombined ? [] : [instanceLimits(worker)]
    const text = [connectionLimit(service), ...limits].join(worker.instances > 1 ? '; ' : ', ')
    return `${purpose[service.type](service as never)} (${text})`
  })
  const shared = isCombined ? [`in one worker together: ${instanceLimits(worker)}`] : []
  return [...services, ...shared]
    .map((text, row) => `  ${(row === 0 ? at : '').padEnd(22)} ${text}\n`)
    .join('')
}

/** One curl command per service; each works as printed. */
function tryLines(config: LoadedConfig, addresses: Addresses): readonly string[] {
  const { workers, demoUpstream } = config.settings
  const demo = demoUpstream ? `http://${formatAddress(demoUpstream)}` : null
  return workers.flatMap((worker) => {
    const listener = plainListener(worker, addresses)
    if (listener === null) return []
    const { at, isTls } = listener
    // -k: certificates are rarely issued for an IP address.
    const [curl, origin] = isTls ? ['curl -k', `https://${at}`] : ['curl', `http://${at}`]
    return worker.services.map((service) => {
      if (service.type === 'forward') {
        const trust = isTls ? ' --proxy-insecure' : ''
        const isOpen = service.destinations.allow.some(
          ({ network, port }) => network !== null && port === demoUpstream?.port,
        )
        return `curl${trust} -x ${origin} ${demo !== null && isOpen ? `${demo}/hello` : 'http://example.com/'}`
      }
      if (service.type === 'reverse') return `${curl} ${origin}/${service.target === demo ? 'hello' : ''}`
      const path = service.mounts[0]?.path ?? '/'
      return `${curl} ${origin}${path === '/' ? '/' : `${path}/`}`
    })
  })
}

/** The first TCP listener without PROXY protocol. */
function plainListener(worker: WorkerSettings, addresses: Addresses) {
  const listeners = worker.listen.filter((listener) => !('path' in listener))
  const index = listeners.findIndex(({ proxyProtocol }) => proxyProtocol === undefined)
  const address = addresses[worker.name]?.[index]
  if (address === undefined) return null
  return { at: reachable(address), isTls: listeners[index]?.tls !== undefined }
}

/** Names the file of the admin token, unless the configuration contains the token; never prints the token. */
function describeAdmin({ admin }: LoadedConfig['settings'], addresses: Addresses, tokenFile: string | null) {
  const at = addresses['admin']?.[0] ?? ('path' in admin.listen ? admin.listen : null)
  if (!admin.enabled || at === null) return ''
  const token =
    tokenFile === null ? '' : `  ${''.padEnd(22)} admin token, which permits changes: ${tokenFile}\n`
  const scheme = admin.tls === null ? '' : ' (https)'
  return `  ${formatAddress(at).padEnd(22)} admin: charts at /; also /health /metrics /status${scheme}\n${token}`
}

export function describeRun(
  config: LoadedConfig,
  addresses: Addresses,
  tokenFile: string | null = null,
): string {
  return [
    `Bifrost Bridge is up (${config.file}):\n`,
    ...config.settings.workers.map((worker) => describeWorker(worker, addresses)),
    describeAdmin(config.settings, addresses, tokenFile),
    'Try:\n',
    ...tryLines(config, addresses).map((line) => `  ${line}\n`),
    'Ctrl+C drains and stops.\n',
  ].join('')
}
