/** CPU per request, tunnel or MiB of forward proxies and static servers. */
import type { Case, TargetName } from '../types.ts'

const forward: readonly TargetName[] = ['bifrost', 'squid', 'proxy-chain']
const files: readonly TargetName[] = ['bifrost', 'nginx', 'sirv-cli']

export const otherCosts: readonly Case[] = [
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
