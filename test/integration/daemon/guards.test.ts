import { hashSync } from 'bcryptjs'
import { describe, expect, test } from 'vitest'
import { RawClient } from '../../kit/clients/raw-client.ts'
import { startTestDaemon } from '../../kit/daemons/daemon.ts'
import { startOrigin } from '../../kit/origins/origin.ts'

const hash = hashSync('open sesame', 5)
const basic = (credentials: string) => `Basic ${Buffer.from(credentials).toString('base64')}`

const guarded = (target: string, more: object) => ({
  mode: 'Reverse',
  listen_addr: '127.0.0.1:0',
  workers: { reverse_proxy: { target, ...more } },
})

describe.each(['thread', 'process', 'shared'] as const)('a guarded worker (%s)', (isolation) => {
  test('checks passwords, and neither log nor admin contains a password or hash', async () => {
    await using origin = await startOrigin()
    const auth = { users: [{ name: 'alice', password: hash }] }
    await using running = await startTestDaemon(guarded(`http://${origin.authority}`, { auth }), {
      isolation,
    })
    using client = await RawClient.connect(running.port('reverse_proxy'))
    expect((await client.get('/')).status).toBe(401)
    expect((await client.get('/', `Authorization: ${basic('alice:guess')}`)).status).toBe(401)
    expect((await client.get('/', `Authorization: ${basic('alice:open sesame')}`)).status).toBe(200)
    const told = [
      ...running.log,
      (await running.admin('/status')).text,
      (await running.admin('/metrics')).text,
    ]
    for (const secret of ['sesame', hash]) expect(told.join('\n')).not.toContain(secret)
  })

  test('applies its rate limit to all of its instances together', async () => {
    await using origin = await startOrigin()
    const rate_limiting = { default_limit: { limit: 20, window_secs: 86_400 } }
    await using running = await startTestDaemon(
      guarded(`http://${origin.authority}`, { rate_limiting, worker_threads: 2 }),
      { isolation },
    )
    const statuses: number[] = []
    for (let at = 0; at < 60; at += 1) {
      using client = await RawClient.connect(running.port('reverse_proxy'))
      statuses.push((await client.get('/')).status)
    }
    const granted = statuses.filter((status) => status === 200).length
    expect(granted).toBeGreaterThanOrEqual(10)
    expect(granted).toBeLessThanOrEqual(20)
    expect(statuses.filter((status) => status === 429)).toHaveLength(60 - granted)
  })
})
