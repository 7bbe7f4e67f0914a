/** Clients of a Unix socket have no address: lists, limits, logs and pages show them as `unix:`. */
import { existsSync, readFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

import { startTestDaemon } from '../kit/daemons/daemon.ts'
import { tempDir } from '../kit/files/temp-dir.ts'
import { startOrigin } from '../kit/origins/origin.ts'
import { until } from '../kit/waiting/until.ts'

function statusOver(socketPath: string, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    request({ socketPath, path }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0))
    })
      .on('error', reject)
      .end()
  })
}

describe.each(['thread', 'process', 'shared'] as const)('clients of a Unix socket (%s)', (isolation) => {
  test('appear as unix: in access lists, rate limits, the access log and the traffic page', async () => {
    await using origin = await startOrigin()
    const folder = tempDir()
    const [path, file] = [join(folder, 'b.sock'), join(folder, 'access.log')]
    const worker = {
      target: `http://${origin.authority}`,
      listeners: [{ address: `unix:${path}` }],
      access: { allow: ['unix:'] },
      rate_limiting: { default_limit: { limit: 2, window_secs: 86_400 } },
      max_connections_per_client: 1,
      access_log: { path: file, flush_ms: 5 },
    }
    await using proxy = await startTestDaemon(
      { mode: 'Reverse', workers: { reverse_proxy: worker } },
      { isolation },
    )
    await until('the path is there', () => existsSync(path))
    const statuses: number[] = []
    for (let at = 0; at < 3; at += 1) statuses.push(await statusOver(path, `/${at}`))
    expect(statuses).toEqual([200, 200, 429])
    // A header field cannot contain unix: (RFC 7239 6).
    expect(origin.seen.map((seen) => seen.get('x-forwarded-for'))).toEqual(['unknown', 'unknown'])

    const lines = () =>
      readFileSync(file, { encoding: 'utf8', flag: 'a+' })
        .split('\n')
        .filter((line) => line !== '')
    await until('all are logged', () => lines().length === 3)
    expect(lines().map((line) => JSON.parse(line).client)).toEqual(['unix:', 'unix:', 'unix:'])
    const page = await proxy.admin('/api/requests?worker=reverse_proxy')
    expect(page.json<{ requests: unknown[] }>().requests).toEqual([
      expect.objectContaining({ client: 'unix:', status: 429 }),
    ])
    const explained = await proxy.admin('/api/explain?url=/&host=a&client=unix:')
    expect(explained.text).toContain('The client unix: is allowed')
  })

  test('are refused by an access list that denies unix:', async () => {
    await using origin = await startOrigin()
    const path = join(tempDir(), 'b.sock')
    const worker = {
      target: `http://${origin.authority}`,
      listeners: [{ address: `unix:${path}` }],
      access: { deny: ['unix:'] },
    }
    await using _proxy = await startTestDaemon(
      { mode: 'Reverse', workers: { reverse_proxy: worker } },
      { isolation },
    )
    await until('the path is there', () => existsSync(path))
    expect(await statusOver(path, '/')).toBe(403)
    expect(origin.seen).toEqual([])
  })
})
