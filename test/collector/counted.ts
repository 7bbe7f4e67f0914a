import { expect } from 'vitest'
import { type Sample, sumOf } from '../kit/telemetry/prometheus-text.ts'
import { type Exchange, type Traffic, types } from './traffic.ts'

/** Count series of the request duration histogram: one count per exchange. */
export const requests = 'http_server_request_duration_seconds_count'

/** Expects these samples to equal the counts of the clients exactly. */
export function expectCounted(samples: readonly Sample[], { exchanges, tunnel }: Traffic): void {
  const count = (among: readonly Exchange[], of: (one: Exchange) => number) =>
    among.reduce((sum, one) => sum + of(one), 0)
  for (const type of types) {
    const among = exchanges.filter((one) => one.type === type)
    const labels = { proxy_type: type }
    for (const status of new Set(among.map((one) => one.status))) {
      const found = sumOf(samples, requests, { ...labels, http_response_status_code: String(status) })
      const asked = among.filter((one) => one.status === status).length
      expect([type, status, found]).toEqual([type, status, asked])
    }
    expect([type, sumOf(samples, requests, labels)]).toEqual([type, among.length])
    const bodies = (name: string) => sumOf(samples, `http_server_${name}_body_size_bytes_sum`, labels)
    expect([type, bodies('request')]).toEqual([type, count(among, (one) => one.sentBytes)])
    expect([type, bodies('response')]).toEqual([type, count(among, (one) => one.receivedBytes)])
  }
  const through = (direction: string) =>
    sumOf(samples, 'proxy_tunnel_bytes_total', { network_io_direction: direction })
  expect([through('receive'), through('transmit')]).toEqual([tunnel.sent, tunnel.received])
}
