import { describe, expect, test } from 'vitest'
import { describeRun } from '../../../src/cli/describe.ts'
import { load } from '../../kit/configuration/config-text.ts'
import { tempDir } from '../../kit/files/temp-dir.ts'
import { makeCertificate, writeCertificate } from '../../kit/tls/certificates.ts'

test('every listener is listed; example commands use one without PROXY protocol, with its scheme', () => {
  const directory = tempDir()
  const certificates = [writeCertificate(directory, 'a', makeCertificate({ subject: 'a.test' }))]
  const config = load(
    {
      mode: 'Reverse',
      workers: {
        reverse_proxy: {
          target: 'http://127.0.0.1:3000',
          listeners: [
            { address: 'unix:b.sock' },
            { address: '127.0.0.1:1', proxy_protocol: { trusted: ['127.0.0.1'] } },
            { address: '127.0.0.1:2', tls: { certificates } },
          ],
        },
      },
    },
    directory,
  )
  const reverse_proxy = [1, 2].map((port) => ({ host: '127.0.0.1', port }))
  const text = describeRun(config, { reverse_proxy })
  expect(text).toContain(`  127.0.0.1:1, 127.0.0.1:2, unix:${directory}/b.sock reverse proxy to`)
  expect(text).toContain('\n  curl -k https://127.0.0.1:2/\n')
})

test('the admin address and the token file are printed, never the token', () => {
  const token = 'a-token-of-some-length'
  const base = { mode: 'Forward', listen_addr: '127.0.0.1:3128' }
  const addresses = { forward_proxy: [], admin: [{ host: '127.0.0.1', port: 9900 }] }
  const withFile = describeRun(load(base), addresses, '/home/of/admin-token')
  expect(withFile).toContain('  127.0.0.1:9900         admin: charts at /;')
  expect(withFile).toContain('admin token, which permits changes: /home/of/admin-token\n')
  const withToken = describeRun(load({ ...base, admin: { token } }), addresses, null)
  expect(withToken).not.toContain('token')
  const unix = load({ ...base, admin: { listen_addr: 'unix:/run/a.sock', token } })
  expect(describeRun(unix, { forward_proxy: [] })).toContain('  unix:/run/a.sock       admin: ')
  const off = load({ ...base, admin: { enabled: false } })
  expect(describeRun(off, { forward_proxy: [] })).not.toContain('admin')
})

describe('limits in the start-up text', () => {
  const reverse_proxy = { target: 'http://127.0.0.1:3000', max_connections: 7, max_memory_mb: 100 }
  const describeWorkers = (workers: object) => {
    const config = load({ mode: 'Combined', listen_addr: '127.0.0.1:8080', workers })
    return describeRun(config, { [config.settings.workers[0]?.name ?? '']: [{ host: '::1', port: 1 }] })
  }

  test('a combined worker has a connection limit for each type, but one memory and one CPU limit', () => {
    const forward_proxy = { max_connections: 5, max_memory_mb: 60, max_cpu_percent: 10 }
    const text = describeWorkers({ forward_proxy, reverse_proxy: { ...reverse_proxy, max_cpu_percent: 20 } })
    expect(text).toContain(`
  [::1]:1                forward proxy (max 5 connections)
                         reverse proxy to http://127.0.0.1:3000 (max 7 connections)
                         in one worker together: 160 MB, 30 % CPU
`)
  })

  test('memory and CPU are limited for each instance, connections for all instances together', () => {
    const text = describeWorkers({ reverse_proxy: { ...reverse_proxy, worker_threads: 2 } })
    expect(text).toContain('(max 7 connections; 2 instances, each max 100 MB, 80 % CPU)\n')
  })

  test('a worker with one type and one instance has all limits in one line', () => {
    expect(describeWorkers({ reverse_proxy })).toContain('(max 7 connections, 100 MB, 80 % CPU)\n')
  })
})
