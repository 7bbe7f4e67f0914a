/** Reads request heads of HTTP/1 and HTTP/2 into the form that `decide` takes. */
import { countHost } from '../../http/fields/headers.ts'
import { fieldOf } from '../../http/fields/lookup.ts'
import type { H2Request } from '../../http/h2/request.ts'
import type { RequestHead } from '../../http/wire/server/request-head.ts'
import type { Head, Policy } from './decide.ts'

/** `isUpgrade`: the connection is to be taken over by another protocol. */
export function readHead(head: RequestHead, isUpgrade: boolean): Head {
  const { method, target: url, host, hosts, version, coding, expect, length } = head
  const fields = head.fields.length / 2
  return { method, url, host, hosts, isUpgrade, version, coding, expect, fields, length }
}

/**
 * Reads an HTTP/2 head as the HTTP/1.1 head of the same meaning. With `:scheme` and `:authority` every
 * request names a full URL; it is meant for the forward proxy if the worker has no other service, or if its
 * scheme differs from that of the connection.
 */
export function readStreamHead(req: H2Request, policy: Policy): Head {
  const { method, target, scheme, authority, fields } = req
  const isOnlyForward = policy.hasForward && !policy.hasReverse && policy.mounts === null
  const isKnownScheme = method === 'CONNECT' || scheme === 'http' || scheme === 'https'
  const isAbsolute =
    method !== 'CONNECT' &&
    (isOnlyForward || (policy.hasForward && scheme !== (req.isEncrypted ? 'https' : 'http')))
  const host = fieldOf(fields, 'host')
  const length = fieldOf(fields, 'content-length')
  return {
    method,
    url: isAbsolute ? `${scheme}://${authority ?? host ?? ''}${target}` : target,
    host,
    hosts: countHost(fields),
    stream: {
      bytes: req.headBytes,
      authority,
      isMalformed: !token.test(method) || !visible.test(target) || !isKnownScheme,
    },
    isUpgrade: false,
    version: 20,
    coding: fieldOf(fields, 'transfer-encoding'),
    expect: fieldOf(fields, 'expect'),
    fields: fields.length / 2,
    length: length === undefined ? -1 : Number(length),
  }
}

/** The characters of an HTTP/1.1 request line; nghttp2 checks the same. */
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const visible = /^[\x21-\x7e\x80-\xff]+$/

/**
 * RFC 9110 7.8: a server may ignore Upgrade, and must in HTTP/1.0. A request that is not for WebSocket, or has
 * a body before the switch, is served without upgrade.
 */
export function asksForWebSocket({ method, version, upgrade, coding, length }: RequestHead): boolean {
  if (version === 10 || method !== 'GET' || upgrade?.toLowerCase() !== 'websocket') return false
  return coding === undefined && length <= 0
}
