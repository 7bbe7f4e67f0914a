/**
 * The attributes of a series as one small integer, because the hot path makes one for each request and must not build
 * text. Main converts it back to attributes.
 *
 *   bit   30..24   23..14   13..8   7..4    3       2..1     0
 *         route    status   error   method  secure  version  kind (0 server, 1 client)
 */
import { type ErrorCode, errorTable } from '../../errors.ts'

/** HTTP methods that have their own attribute value; the first stands for all others. */
export const methods = [
  '_OTHER',
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
  'PATCH',
] as const

const methodIds: ReadonlyMap<string, number> = new Map(methods.map((method, id) => [method, id]))

/** Compares with GET first, because nearly every request is one. */
export const methodId = (method: string): number => (method === 'GET' ? 1 : (methodIds.get(method) ?? 0))

/** The first two mean no error, and an error that the status describes. */
const errorNames = ['', 'status', ...(Object.keys(errorTable) as ErrorCode[])] as const

const errorIds: ReadonlyMap<string, number> = new Map(errorNames.map((name, id) => [name, id]))

/** `null` means that the status describes the error. */
export const errorId = (code: ErrorCode | null): number => (code === null ? 1 : (errorIds.get(code) ?? 1))

/** Routes with a series of their own; the last number stands for all others. */
export const maxRoutes = 126

/** Number of a route in a key; 0 stands for no route. */
export const routeId = (index: number): number => Math.min(index, maxRoutes) + 1

const maxStatus = 999

/** Keys of the series that count whatever exceeds the maximum of a kind. */
export const overflowKeys = { server: -1, client: -2 } as const

const bitsOfVersion = (version: number): number =>
  version === 11 ? 2 : version === 20 ? 3 : version === 10 ? 1 : 0

export function serverKey(
  method: number,
  isSecure: boolean,
  version: number,
  status: number,
  error: number,
  route: number,
): number {
  return (
    (route << 24) |
    ((status <= maxStatus ? status : 0) << 14) |
    (error << 8) |
    (method << 4) |
    (isSecure ? 8 : 0) |
    (bitsOfVersion(version) << 1)
  )
}

export const clientKey = (method: number, status: number, error: number): number =>
  ((status <= maxStatus ? status : 0) << 14) | (error << 8) | (method << 4) | 1

export const isClientKey = (key: number): boolean =>
  key === overflowKeys.client || (key >= 0 && (key & 1) === 1)

const versions = [undefined, '1.0', '1.1', '2'] as const

export type SeriesAttributes = Readonly<Record<string, string | boolean>>

/** Attributes of a service's series; `routes` are indexed by route number. */
export function attributesOf(key: number, routes: readonly string[]): SeriesAttributes {
  if (key < 0) return { 'otel.metric.overflow': true }
  const status = (key >> 14) & 0x3ff
  const error = errorNames[(key >> 8) & 0x3f] ?? ''
  const attributes: Record<string, string> = { 'http.request.method': methods[(key >> 4) & 0xf] ?? '_OTHER' }
  if (!isClientKey(key)) attributes['url.scheme'] = (key & 8) === 0 ? 'http' : 'https'
  if (status > 0) attributes['http.response.status_code'] = String(status)
  if (error !== '') attributes['error.type'] = error === 'status' ? String(status || '_OTHER') : error
  if (isClientKey(key)) return attributes
  const route = routeName(key >> 24, routes)
  if (route !== null) attributes['http.route'] = route
  const version = versions[(key >> 1) & 3]
  if (version !== undefined) attributes['network.protocol.version'] = version
  return attributes
}

/** Value of `http.route` in metrics and spans; null for route 0. */
export function routeName(route: number, routes: readonly string[]): string | null {
  if (route === 0) return null
  return route > maxRoutes ? '_OTHER' : (routes[route - 1] ?? '_OTHER')
}

/** Values of `http.route` for a service, by index. */
export function routesOf(service: {
  readonly type: string
  readonly mounts?: readonly { readonly path: string }[]
}): readonly string[] {
  if (service.type === 'forward') return ['proxy', 'CONNECT']
  if (service.type === 'reverse') return ['/']
  return service.mounts?.map(({ path }) => path) ?? []
}
