/** Steps of an explanation about the service and route of a request. */
import { join } from 'node:path'
import type { ServiceType, StaticSettings, WorkerSettings } from '../../config/settings/settings.ts'
import { formatAuthority } from '../../http/address/authority.ts'
import { type Decision, type Head, serviceOf } from '../decide/decide.ts'
import { upstreamOf } from '../decide/target.ts'
import { readStaticPath } from '../static/path.ts'
import { clip, type ExplanationStep, settingOf } from './step.ts'

type Served = Exclude<Decision, { kind: 'reply' }>

const nouns: Readonly<Record<ServiceType, string>> = {
  forward: 'forward proxy',
  reverse: 'reverse proxy',
  static: 'static files',
}

/** Null if the request belongs to no service. */
export function serviceStep(head: Head, decided: Decision, worker: WorkerSettings): ExplanationStep | null {
  const type = serviceOf(decided)
  if (type === null) return null
  const setting = settingOf(type)
  const isAlone = worker.services.length === 1
  const text = isAlone
    ? `The worker ${worker.name} has one service, ${nouns[type]}.`
    : `Of the services of ${worker.name}, the request goes to ${nouns[type]}: ${reasonOf(head, decided, type)}.`
  return { about: 'service', text, setting, isRefusal: false }
}

function reasonOf(head: Head, decided: Decision, type: ServiceType): string {
  if (type === 'forward') return 'CONNECT and absolute URLs belong to it'
  if (type === 'static' && decided.kind === 'static') return 'one of its mounts contains the path'
  if (type === 'static') return 'no other service accepts it'
  return head.method === 'GET' || head.method === 'HEAD'
    ? 'no static mount contains the path, or the request is a WebSocket upgrade'
    : `static files do not support ${clip(head.method)}, or no mount contains the path`
}

export function routeSteps(
  head: Head,
  decided: Decision,
  worker: WorkerSettings,
): readonly ExplanationStep[] {
  const about = 'route'
  switch (decided.kind) {
    case 'forward':
      return [
        {
          about,
          text: `The forward proxy sends the request to the origin of its URL, ${clip(decided.origin)}.`,
          setting: settingOf('forward'),
          isRefusal: false,
        },
      ]
    case 'tunnel':
      return [
        {
          about,
          text: 'The forward proxy opens a tunnel to the target of CONNECT.',
          setting: settingOf('forward'),
          isRefusal: false,
        },
      ]
    case 'reverse':
      return [
        {
          about,
          text: `All requests go to the one target${baseText(worker)}.`,
          setting: settingOf('reverse', 'target'),
          isRefusal: false,
        },
      ]
    case 'static':
      return mountSteps(decided, worker)
    case 'reply':
      return refusedStep(head, decided, worker)
  }
}

function mountSteps(
  { mount, path }: Extract<Decision, { kind: 'static' }>,
  worker: WorkerSettings,
): readonly ExplanationStep[] {
  const files = worker.services.find((one): one is StaticSettings => one.type === 'static')
  const setting = settingOf('static', `mounts[${files?.mounts.indexOf(mount) ?? 0}]`)
  const owner: ExplanationStep = {
    about: 'route',
    text: `The mount ${mount.path} contains the path: it is the longest matching prefix.`,
    setting,
    isRefusal: false,
  }
  const below = readStaticPath(path, mount.path)
  if (typeof below !== 'string') {
    const text = mount.spaMode
      ? `If there is no such file, the application's page (${mount.spaFallbackFile}) is served, unless the name has an extension.`
      : 'If there is no such file, the answer is 404.'
    return [
      owner,
      { about: 'route', text, setting: mount.spaMode ? `${setting}.spa_mode` : setting, isRefusal: false },
    ]
  }
  const text =
    below === 'NOT_FOUND'
      ? 'A path segment is empty or begins with a dot; such files are not served.'
      : 'The path cannot name a file: it has characters or escapes that file names cannot contain.'
  return [owner, { about: 'route', text, setting, isRefusal: true }]
}

function refusedStep(
  head: Head,
  decided: Extract<Decision, { kind: 'reply' }>,
  worker: WorkerSettings,
): readonly ExplanationStep[] {
  const { code, service } = decided
  const step = (text: string, setting: string): readonly ExplanationStep[] => [
    { about: 'route', text, setting, isRefusal: true },
  ]
  const has = (type: ServiceType) => worker.services.some((one) => one.type === type)
  if (code === 'NOT_FOUND') return step('No mount contains the path.', settingOf('static', 'mounts'))
  if (code === 'METHOD_NOT_ALLOWED') {
    const type = service ?? 'static'
    return step(
      `The ${nouns[type]} service does not support ${clip(head.method)}; allowed: ${decided.allow ?? ''}.`,
      settingOf(type),
    )
  }
  if (code === 'BAD_PATH') {
    return service === 'reverse'
      ? step('Its dot segments leave the path of the target.', settingOf('reverse', 'target'))
      : step(
          'The path is ambiguous: a broken escape, a NUL, a backslash, or .. above the root.',
          settingOf('static', 'mounts'),
        )
  }
  if (code === 'BAD_TARGET' && service === 'forward' && !has('reverse'))
    return step(
      'A forward proxy needs an absolute URL or CONNECT: configure it as the proxy of the client.',
      settingOf('forward'),
    )
  return []
}

function baseText(worker: WorkerSettings): string {
  const reverse = worker.services.find(({ type }) => type === 'reverse')
  if (reverse?.type !== 'reverse') return ''
  const { origin, basePath } = upstreamOf(reverse.target)
  return basePath === '' ? `, ${origin}` : `, ${origin}, with ${basePath} before its path`
}

/** The destination of a decision, as one text. */
export function toOf(decided: Served, worker: WorkerSettings): string {
  switch (decided.kind) {
    case 'forward':
      return decided.origin + decided.path
    case 'tunnel':
      return formatAuthority(decided)
    case 'reverse': {
      const reverse = worker.services.find(({ type }) => type === 'reverse')
      const { origin, basePath } = upstreamOf(reverse?.type === 'reverse' ? reverse.target : '')
      return origin + basePath + decided.path
    }
    case 'static': {
      const below = readStaticPath(decided.path, decided.mount.path)
      return join(decided.mount.rootDir, ...(typeof below === 'string' ? [] : below.segments))
    }
  }
}
