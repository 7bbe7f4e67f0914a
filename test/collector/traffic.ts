import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { RawClient } from '../kit/clients/raw-client.ts'
import type { ChildDaemon } from '../kit/daemons/child-daemon.ts'
import type { OriginHandler } from '../kit/origins/origin.ts'

const site = join(import.meta.dirname, 'site')

/** A worker of each type; every request is traced if telemetry is configured. */
export const configOf = (origin: string) => ({
  mode: 'Combined',
  listen_addr: '127.0.0.1:0',
  workers: {
    reverse_proxy: { port: 0, target: `http://${origin}`, tracing: { sample_ratio: 1 } },
    forward_proxy: { port: 0, tracing: { sample_ratio: 1 } },
    static_files: { port: 0, mounts: [{ path: '/', root_dir: site }], tracing: { sample_ratio: 1 } },
  },
})

export const types = ['reverse', 'forward', 'static'] as const

/** One finished exchange, as its client recorded it. */
export interface Exchange {
  readonly type: (typeof types)[number]
  readonly method: string
  readonly status: number
  readonly sentBytes: number
  readonly receivedBytes: number
}

export type Ports = Readonly<Record<(typeof types)[number], number>>

export const portsOf = (daemon: ChildDaemon): Ports => ({
  reverse: daemon.port('reverse proxy'),
  forward: daemon.port('forward proxy'),
  static: daemon.port('static files'),
})

/** Prometheus text from the admin address. */
export async function metricsOf(daemon: ChildDaemon): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${daemon.port('admin')}/metrics`)
  return await answer.text()
}

export interface Traffic {
  readonly exchanges: readonly Exchange[]
  /** Bytes in the tunnel after the response to CONNECT. */
  readonly tunnel: { readonly sent: number; readonly received: number }
}

/** Duration of a response to `/slow`. */
export const slowMs = 700

export const answer: OriginHandler = async (req, res, seen) => {
  switch (req.url) {
    case '/echo':
      return res.end(await seen.body)
    case '/missing':
      return res.writeHead(404).end('nothing here')
    case '/slow':
      await wait(slowMs)
      return res.end('late')
    case '/broken':
      return req.socket.destroy()
    default:
      return res.end('hello')
  }
}

/**
 * Drives a known number of exchanges through each type: plain, with bodies, refused, failed, slow, and a
 * tunnel.
 */
export async function drive(ports: Ports, authority: string): Promise<Traffic> {
  const exchanges: Exchange[] = []
  const send = async (
    type: Exchange['type'],
    method: string,
    target: string,
    body = '',
    ...fields: string[]
  ) => {
    using client = await RawClient.connect(ports[type])
    const length = body === '' ? [] : [`Content-Length: ${body.length}`]
    client.head(`${method} ${target} HTTP/1.1`, 'Host: client.test', ...length, ...fields).send(body)
    const { status, body: received, get } = await client.response(method)
    exchanges.push({ type, method, status, sentBytes: body.length, receivedBytes: received.length })
    return get
  }
  for (let count = 0; count < 5; count++) await send('reverse', 'GET', '/hello')
  for (const size of [10, 1_000, 100_000]) await send('reverse', 'POST', '/echo', 'x'.repeat(size))
  await send('reverse', 'GET', '/missing')
  await send('reverse', 'GET', '/slow')
  await send('reverse', 'GET', '/broken')
  for (let count = 0; count < 4; count++) await send('forward', 'GET', `http://${authority}/hello`)
  await send('forward', 'POST', `http://${authority}/echo`, 'y'.repeat(500))
  const get = await send('static', 'GET', '/page.txt')
  for (let count = 0; count < 5; count++) await send('static', 'GET', '/page.txt')
  await send('static', 'GET', '/page.txt', '', `If-None-Match: ${get('etag')}`)
  await send('static', 'GET', '/none.txt')
  return { exchanges, tunnel: await tunnel(ports.forward, authority, exchanges) }
}

async function tunnel(port: number, authority: string, exchanges: Exchange[]): Promise<Traffic['tunnel']> {
  using client = await RawClient.connect(port)
  client.head(`CONNECT ${authority} HTTP/1.1`, `Host: ${authority}`)
  const { status } = await client.responseHead()
  exchanges.push({ type: 'forward', method: 'CONNECT', status, sentBytes: 0, receivedBytes: 0 })
  const request = 'GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
  const received = await client.send(request).rest()
  client.end()
  return { sent: request.length, received: received.length }
}
