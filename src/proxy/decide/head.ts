/** Reads request heads of HTTP/1 and HTTP/2 into the form that `decide` takes. */
import type { IncomingMessage } from 'node:http'
import { countHost } from '../../http/fields/headers.ts'
import type { H2Request } from '../../http/h2/request.ts'
import type { HttpRequest } from '../../http/message.ts'
import type { Head, Policy } from './decide.ts'

/** Reads the parts of a request that `decide` needs. */
export function readHead(req: HttpRequest, isUpgrade: boolean): Head {
  return {
    method: req.method ?? '',
    url: req.url ?? '',
    host: req.headers.host,
    hosts: countHost(req.rawHeaders),
    isUpgrade,
    isSpread: req.isSpread ?? false,
    version: req.httpVersionMajor * 10 + req.httpVersionMinor,
    coding: req.headers['transfer-encoding'],
    expect: req.headers.expect,
    fields: req.rawHeaders.length / 2,
    length: req.headers['content-length'],
  }
}

/**
 * Reads an HTTP/2 head as the HTTP/1.1 head of the same meaning. With `:scheme` and `:authority` every
 * request names a full URL; it is meant for the forward proxy if the worker has no other service, or if its
 * scheme differs from that of the connection.
 */
export function readStreamHead(req: H2Request, policy: Policy): Head {
  const { method, url, scheme, authority, headers } = req
  const isOnlyForward = policy.hasForward && !policy.hasReverse && policy.mounts === null
  const isEncrypted = 'encrypted' in req.socket
  const isKnownScheme = method === 'CONNECT' || scheme === 'http' || scheme === 'https'
  const isAbsolute =
    method !== 'CONNECT' &&
    (isOnlyForward || (policy.hasForward && scheme !== (isEncrypted ? 'https' : 'http')))
  return {
    method,
    url: isAbsolute ? `${scheme}://${authority ?? headers.host ?? ''}${url}` : url,
    host: headers.host,
    hosts: countHost(req.rawHeaders),
    stream: {
      bytes: req.headBytes,
      authority,
      isMalformed: !token.test(method) || !visible.test(url) || !isKnownScheme,
    },
    isUpgrade: false,
    isSpread: false,
    version: 20,
    coding: headers['transfer-encoding'],
    expect: headers.expect,
    fields: req.rawHeaders.length / 2,
    length: headers['content-length'],
  }
}

/** The characters of an HTTP/1.1 request line; nghttp2 checks the same. */
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const visible = /^[\x21-\x7e\x80-\xff]+$/

/**
 * RFC 9110 7.8: a server may ignore Upgrade, and must in HTTP/1.0. A request that is not for WebSocket, or has
 * a body before the switch, is served without upgrade.
 */
export function asksForWebSocket({ method, headers, httpVersion }: IncomingMessage): boolean {
  if (httpVersion === '1.0' || method !== 'GET' || headers.upgrade?.toLowerCase() !== 'websocket')
    return false
  const length = headers['content-length']
  return headers['transfer-encoding'] === undefined && (length === undefined || length === '0')
}
