import { copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadConfig } from '../../../src/config/load.ts'
import { tempDir } from '../../kit/files/temp-dir.ts'

/** Loads a copy of the file, next to the `./public` directory that shape A names. */
function loadCopy(name: string) {
  const directory = tempDir()
  mkdirSync(join(directory, 'public'))
  copyFileSync(join('config', name), join(directory, name))
  return { directory, ...loadConfig(join(directory, name)) }
}

describe('shape A of the seed, verbatim', () => {
  test('loads as one combined worker on one address, with every key in effect (S103-S117)', () => {
    const { settings, directory } = loadCopy('seed-shape-a.json')
    expect(settings).toMatchObject({
      workers: [
        {
          name: 'combined',
          type: 'combined',
          listen: [{ host: '0.0.0.0', port: 8080 }],
          isolation: 'thread',
          instances: 8,
          maxConnectionsPerClient: null,
          stuckMs: 5_000,
          http2: { enabled: true, maxConcurrentStreams: 100 },
          maxMemoryMb: 512 + 1024 + 256,
          maxCpuPercent: 100,
          services: [
            {
              type: 'forward',
              maxConnections: 1000,
              maxMemoryMb: 512,
              maxCpuPercent: 50,
              timeouts: {
                connectMs: 10_000,
                idleMs: 90_000,
                lifetimeMs: 300_000,
                headerMs: 10_000,
                responseMs: 60_000,
              },
              pool: { maxIdlePerHost: 50, idleMs: 300_000, http2: false },
            },
            {
              type: 'reverse',
              maxConnections: 2000,
              maxMemoryMb: 1024,
              maxCpuPercent: 80,
              timeouts: {
                connectMs: 5000,
                idleMs: 60_000,
                lifetimeMs: 600_000,
                headerMs: 10_000,
                responseMs: 60_000,
              },
              pool: { maxIdlePerHost: 100, idleMs: 600_000, http2: false },
              target: 'http://backend:3000',
            },
            {
              type: 'static',
              maxConnections: 500,
              maxMemoryMb: 256,
              maxCpuPercent: 30,
              timeouts: {
                connectMs: 10_000,
                idleMs: 30_000,
                lifetimeMs: 0,
                headerMs: 10_000,
                responseMs: 30_000,
              },
              mounts: [
                {
                  path: '/',
                  rootDir: join(directory, 'public'),
                  spaMode: true,
                  spaFallbackFile: 'index.html',
                  indexFiles: ['index.html'],
                },
              ],
            },
          ],
        },
      ],
      admin: { enabled: true, listen: { host: '127.0.0.1', port: 9900 } },
      demoUpstream: null,
      drainTimeoutMs: 30_000,
    })
  })
})

describe('shape B of the seed, verbatim', () => {
  test('loads as two workers on two ports, with every key in effect (S166-S169, D03)', () => {
    const { settings } = loadCopy('seed-shape-b.json')
    expect(settings.workers).toMatchObject([
      {
        name: 'forward_proxy',
        type: 'forward',
        listen: [{ host: '0.0.0.0', port: 3128 }],
        isolation: 'thread',
        instances: 1,
        maxConnectionsPerClient: null,
        stuckMs: 5_000,
        http2: { enabled: true, maxConcurrentStreams: 100 },
        maxMemoryMb: 512,
        maxCpuPercent: 50,
        services: [
          {
            type: 'forward',
            maxConnections: 1000,
            maxMemoryMb: 512,
            maxCpuPercent: 50,
            timeouts: {
              connectMs: 10_000,
              idleMs: 90_000,
              lifetimeMs: 300_000,
              headerMs: 10_000,
              responseMs: 60_000,
            },
            pool: { maxIdlePerHost: 50, idleMs: 300_000, http2: false },
          },
        ],
      },
      {
        name: 'reverse_proxy',
        type: 'reverse',
        listen: [{ host: '0.0.0.0', port: 8080 }],
        isolation: 'thread',
        instances: 1,
        maxConnectionsPerClient: null,
        stuckMs: 5_000,
        http2: { enabled: true, maxConcurrentStreams: 100 },
        maxMemoryMb: 1024,
        maxCpuPercent: 80,
        services: [
          {
            type: 'reverse',
            maxConnections: 2000,
            maxMemoryMb: 1024,
            maxCpuPercent: 80,
            timeouts: {
              connectMs: 5000,
              idleMs: 60_000,
              lifetimeMs: 600_000,
              headerMs: 10_000,
              responseMs: 60_000,
            },
            pool: { maxIdlePerHost: 100, idleMs: 600_000, http2: false },
            target: 'http://backend:3000',
          },
        ],
      },
    ])
  })
})
