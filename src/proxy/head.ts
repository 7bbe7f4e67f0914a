import type { IncomingMessage } from 'node:http'
import { countHost } from '../http/headers.ts'
import type { HttpRequest } from '../http/message.ts'
import type { Head } from './decide.ts'

/** What `decide` is told of a request. */
export function readHead(req: HttpRequest, isUpgrade: boolean): Head {
  return {
    method: req.method ?? '',
    url: req.url ?? '',
    host: req.headers.host,
    hosts: countHost(req.rawHeaders),
    isUpgrade,
    version: req.httpVersionMajor * 10 + req.httpVersionMinor,
    coding: req.headers['transfer-encoding'],
    expect: req.headers.expect,
  }
}

/**
 * RFC 9110 7.8: a server may ignore Upgrade. What is no WebSocket, or has a body that would come before the switch, is served as if
 * it had not been asked for.
 */
export function asksForWebSocket({ method, headers }: IncomingMessage): boolean {
  if (method !== 'GET' || headers.upgrade?.toLowerCase() !== 'websocket') return false
  const length = headers['content-length']
  return headers['transfer-encoding'] === undefined && (length === undefined || length === '0')
}
