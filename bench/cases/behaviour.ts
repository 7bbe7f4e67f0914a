/** The cases that measure latency, behaviour beyond the limits, and memory. */
import type { Case, TargetName } from '../types.ts'
import { crowd } from './sizes.ts'

const servers: readonly TargetName[] = ['bifrost', 'nginx', 'haproxy']
const common = { job: 'reverse', unit: 'request', reference: 'nginx', targets: servers } as const

export const behaviour: readonly Case[] = [
  {
    ...common,
    name: 'latency-half',
    title: 'Latency at a constant arrival rate, half of what the slowest target can serve',
    load: { kind: 'open', path: '/1k.txt', perSecond: null },
  },
  {
    ...common,
    name: 'ramp',
    title: 'A slow ramp of arrivals beyond the capacity of the slowest target, all with an access log',
    load: { kind: 'ramp', path: '/1k.txt' },
    setup: { accessLog: true },
  },
  {
    ...common,
    name: 'crowd',
    title: 'Twice as many clients as max_connections',
    load: { kind: 'crowd', path: '/1k.txt' },
    // nginx has no such limit: worker_connections closes idle connections, limit_conn counts running requests.
    targets: ['bifrost', 'haproxy'],
    reference: 'haproxy',
    setup: { maxConnections: crowd.accepted },
  },
  {
    ...common,
    name: 'new-beside-kept',
    title: 'New connections beside busy kept ones',
    load: { kind: 'beside', path: '/1k.txt' },
  },
  {
    ...common,
    name: 'idle',
    title: 'Memory of idle kept connections',
    load: { kind: 'idle', path: '/1k.txt' },
  },
]
