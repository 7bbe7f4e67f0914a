/** The cases of the benchmark: the job, the load and the targets of each. */
import type { Case, TargetName } from './types.ts'

const reverse: readonly TargetName[] = [
  'bifrost',
  'nginx',
  'haproxy',
  'http-proxy',
  'http-proxy-3',
  'httpxy',
  'fastify-http-proxy',
]
const forward: readonly TargetName[] = ['bifrost', 'squid', 'proxy-chain']
const files: readonly TargetName[] = ['bifrost', 'nginx', 'sirv-cli']

/** Concurrent connections of wrk and of the CONNECT driver. */
export const connections = { wrk: 64, connect: 32 } as const

/** Bytes through the tunnel in one measurement: one file, requested repeatedly. */
export const bulk = { path: '/bulk.bin', fileMiB: 64, totalMiB: 1024, warmUpMiB: 128 } as const

export const cases: readonly Case[] = [
  {
    name: 'reverse-1k',
    title: 'Reverse proxy, 1 KB, keep-alive',
    job: 'reverse',
    load: { kind: 'wrk', path: '/1k.txt' },
    unit: 'request',
    reference: 'nginx',
    targets: reverse,
  },
  {
    name: 'reverse-1k-close',
    title: 'Reverse proxy, 1 KB, a client connection per request',
    job: 'reverse',
    load: { kind: 'wrk', path: '/1k.txt', close: true },
    unit: 'request',
    reference: 'nginx',
    targets: reverse,
  },
  {
    name: 'forward-1k',
    title: 'Forward proxy, absolute-form, 1 KB, keep-alive',
    job: 'forward',
    load: { kind: 'wrk', path: '/1k.txt', absolute: true },
    unit: 'request',
    reference: 'squid',
    targets: forward,
  },
  {
    name: 'connect-setup',
    title: 'CONNECT: a tunnel, one 1 KB request in it, closed',
    job: 'forward',
    load: { kind: 'connect' },
    unit: 'tunnel',
    reference: 'squid',
    targets: forward,
  },
  {
    name: 'connect-bytes',
    title: 'CONNECT: 1 GiB from the origin through one tunnel',
    job: 'forward',
    load: { kind: 'bytes' },
    unit: 'MiB',
    reference: 'squid',
    targets: forward,
  },
  {
    name: 'static-1k',
    title: 'Static file, 1 KB, hot',
    job: 'static',
    load: { kind: 'wrk', path: '/1k.txt' },
    unit: 'request',
    reference: 'nginx',
    targets: files,
  },
  {
    name: 'static-100k',
    title: 'Static file, 100 KB, hot',
    job: 'static',
    load: { kind: 'wrk', path: '/100k.bin' },
    unit: 'request',
    reference: 'nginx',
    targets: files,
  },
]
