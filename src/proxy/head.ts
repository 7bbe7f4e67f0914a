import type { IncomingMessage } from 'node:http'
import { countHost } from '../http/headers.ts'
import type { Head } from './decide.ts'

/** What `decide` is told of a request. */
export function readHead(req: IncomingMessage, isUpgrade: boolean): Head {
  return {
    method: req.method ?? '',
    url: req.url ?? '',
    host: req.headers.host,
    hosts: countHost(req.rawHeaders),
    isUpgrade,
  }
}

/** RFC 9110 7.8: a server may ignore Upgrade, and what is no WebSocket is served as if it had not been asked for. */
export function asksForWebSocket(req: IncomingMessage): boolean {
  return req.method === 'GET' && req.headers.upgrade?.toLowerCase() === 'websocket'
}
