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
    : `Of the services of ${worker.name} the ${nouns[type]} is asked: ${reasonOf(head, decided, type)}.`
  return { about: 'service', text, setting, isRefusal: false }
}

function reasonOf(head: Head, decided: Decision, type: ServiceType): string {
  if (type === 'forward') return 'CONNECT and whole URLs are for the forward proxy'
  if (type === 'static' && decided.kind === 'static') return 'a mount of its owns the path'
  if (type === 'static') return 'there is no other for it'
  return head.method === 'GET' || head.method === 'HEAD'
    ? 'no mount of the static files owns the path, or it asks for a WebSocket'
    : `static files take no ${clip(head.method)}, or none of their mounts owns the path`
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
          text: `The forward proxy sends it where the URL says: ${clip(decided.origin)}.`,
          setting: settingOf('forward'),
          isRefusal: false,
        },
      ]
    case 'tunnel':
      return [
        {
          about,
          text: 'The forward proxy makes a tunnel to where CONNECT says.',
          setting: settingOf('forward'),
          isRefusal: false,
        },
      ]
    case 'reverse':
      return [
        {
          about,
          text: `Everything goes to the one target${baseText(worker)}.`,
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
    text: `The mount ${mount.path} owns the path: it is the longest one that the path begins with.`,
    setting,
    isRefusal: false,
  }
  const below = readStaticPath(path, mount.path)
  if (typeof below !== 'string') {
    const text = mount.spaMode
      ? `Where there is no such file, a page of the application (${mount.spaFallbackFile}) is served instead, unless the name has an extension.`
      : 'Where there is no such file, the answer is 404.'
    return [
      owner,
      { about: 'route', text, setting: mount.spaMode ? `${setting}.spa_mode` : setting, isRefusal: false },
    ]
  }
  const text =
    below === 'NOT_FOUND'
      ? 'A name in it begins with a dot or is empty: such files are not served.'
      : 'The path cannot name a file: it has characters or escapes that no file name has.'
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
  if (code === 'NOT_FOUND') return step('No mount owns the path.', settingOf('static', 'mounts'))
  if (code === 'METHOD_NOT_ALLOWED') {
    const type = service ?? 'static'
    return step(
      `The ${nouns[type]} service does not take ${clip(head.method)}; allowed: ${decided.allow ?? ''}.`,
      settingOf(type),
    )
  }
  if (code === 'BAD_PATH') {
    return service === 'reverse'
      ? step('Its dot segments lead out of the path of the target.', settingOf('reverse', 'target'))
      : step(
          'The path has no single meaning: a broken escape, a NUL, a backslash, or .. above the root.',
          settingOf('static', 'mounts'),
        )
  }
  if (code === 'BAD_TARGET' && service === 'forward' && !has('reverse'))
    return step(
      'A forward proxy needs a whole URL, or CONNECT: set it as the proxy of the client.',
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
