/** Steps of an explanation about the request head and body size. */
import type { ServiceSettings, SizeSettings, WorkerSettings } from '../../config/settings/settings.ts'
import type { ErrorCode } from '../../errors.ts'
import { maskAuthority } from '../../telemetry/access-log/escape.ts'
import { type Decision, faultOf, type Head, type Policy } from '../decide/decide.ts'
import { parseAbsolute } from '../decide/target.ts'
import { clip, type ExplanationStep, settingOf } from './step.ts'

type Size = 'maxTargetBytes' | 'maxFields' | 'maxHeadBytes'

const sizeKeys: Readonly<Record<keyof SizeSettings, string>> = {
  maxHeadBytes: 'request_limits.max_header_size',
  maxFields: 'request_limits.max_headers',
  maxTargetBytes: 'request_limits.max_target_size',
  maxBodyBytes: 'request_limits.max_body_size',
}

const byFault: Readonly<Partial<Record<ErrorCode, Size>>> = {
  TARGET_TOO_LONG: 'maxTargetBytes',
  HEAD_TOO_LARGE: 'maxFields',
}

/**
 * The setting that limits the size of heads in a worker. With several services it is the largest, because the
 * service is only known after the head is read.
 */
function sizeSetting(services: readonly ServiceSettings[], size: keyof SizeSettings): string | null {
  const [first, ...others] = services
  if (first === undefined) return null
  const widest = others.reduce((one, other) => (other.sizes[size] > one.sizes[size] ? other : one), first)
  return settingOf(widest.type, sizeKeys[size])
}

const forms: ReadonlyMap<string, string> = new Map(
  Object.entries({
    BAD_REQUEST: 'The request line or the framing is not valid HTTP (RFC 9112).',
    BAD_AUTHORITY: 'The host is invalid, is named twice, or is missing although HTTP requires it.',
    VERSION_NOT_SUPPORTED: 'This HTTP version is not supported.',
    NOT_IMPLEMENTED: 'A transfer coding other than chunked, or OPTIONS *, is not supported.',
    EXPECTATION_FAILED: 'The only supported expectation is 100-continue.',
  }),
)

/** Codes of requests refused only for the form of their target. */
const isAboutForm: ReadonlySet<ErrorCode> = new Set(['BAD_TARGET', 'NOT_IMPLEMENTED'])

const hasNoHost = ({ hosts, stream }: Head, fault: ErrorCode): boolean =>
  fault === 'BAD_REQUEST' && hosts === 0 && stream === undefined

export function targetStep(
  head: Head,
  policy: Policy,
  { services }: WorkerSettings,
  decided: Decision,
): ExplanationStep {
  const fault = faultOf(head, policy)
  if (fault !== null && fault !== 'BAD_AUTHORITY') {
    const size = byFault[fault]
    const setting = size === undefined ? null : sizeSetting(services, size)
    const text =
      size === 'maxTargetBytes'
        ? `The request target has ${head.url.length} bytes, more than ${policy.maxTargetBytes}.`
        : size === 'maxFields'
          ? `The head has ${head.fields} fields, more than ${policy.maxFields}.`
          : hasNoHost(head, fault)
            ? 'There is no Host field, which HTTP/1.1 requires (RFC 9112 3.2).'
            : (forms.get(fault) ?? 'The request could not be understood.')
    return { about: 'target', text, setting, isRefusal: true }
  }
  const isRefusal = decided.kind === 'reply' && decided.service === null && isAboutForm.has(decided.code)
  return { about: 'target', text: formText(head), setting: null, isRefusal }
}

function formText({ method, url, isUpgrade }: Head): string {
  if (method === 'CONNECT')
    return `CONNECT ${clip(maskAuthority(url))}: the target is a host and a port, for a tunnel.`
  if (url.includes('#')) return 'The target has a fragment (#), which a request must not have.'
  if (parseAbsolute(url) !== null) return 'The target is an absolute URL (absolute-form), as for a proxy.'
  if (url === '*') return 'The target is *, which stands for the server as a whole.'
  if (!url.startsWith('/')) return 'The target is neither a path, nor an http(s) URL, nor *.'
  return isUpgrade
    ? 'The target is a path (origin-form), and the request is a WebSocket upgrade.'
    : 'The target is a path (origin-form).'
}

export function hostStep({ method, host, url }: Head, decided: Decision): ExplanationStep {
  const isRefusal = decided.kind === 'reply' && decided.code === 'BAD_AUTHORITY'
  const absolute = method === 'CONNECT' ? null : parseAbsolute(url)
  const text = isRefusal
    ? (forms.get('BAD_AUTHORITY') ?? '')
    : absolute !== null
      ? `The host is ${clip(maskAuthority(absolute.authority))}, from the target; the Host field is ignored (RFC 9112 3.2.2).`
      : method === 'CONNECT'
        ? `The host is ${clip(maskAuthority(url))}, from the target.`
        : host === undefined
          ? 'There is no host, which HTTP/1.0 allows.'
          : `The host is ${clip(maskAuthority(host))}; every host is served the same way.`
  return { about: 'host', text, setting: null, isRefusal }
}

/** Null if there is neither a length nor a limit to report. */
export function sizeStep(
  length: number | undefined,
  decided: Decision,
  service: ServiceSettings | undefined,
): ExplanationStep | null {
  if (service === undefined) return null
  const { maxBodyBytes } = service.sizes
  const setting = settingOf(service.type, sizeKeys.maxBodyBytes)
  if (decided.kind === 'reply' && decided.code === 'BODY_TOO_LARGE') {
    const text = `The body has ${length} bytes, more than ${maxBodyBytes}.`
    return { about: 'size', text, setting, isRefusal: true }
  }
  if (maxBodyBytes === 0) return null
  const text = `A body may have up to ${maxBodyBytes} bytes${length === undefined ? '' : `; this one has ${length}`}.`
  return { about: 'size', text, setting, isRefusal: false }
}
