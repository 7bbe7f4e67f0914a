import { describe, expect, test } from 'vitest'
import { RawClient } from '../../kit/clients/raw-client.ts'
import { startTestDaemon } from '../../kit/daemons/daemon.ts'
import { countAnswers, openMany, startLimitedWorkers } from '../../kit/daemons/limited-workers.ts'
import { startOrigin } from '../../kit/origins/origin.ts'
import { until } from '../../kit/waiting/until.ts'

describe('max_connections_per_client', () => {
  test('refuses the excess connections of one client, and counts them', async () => {
    await using origin = await startOrigin((_req, res) => res.end('hello'))
    await using running = await startLimitedWorkers(`http://${origin.authority}`, {
      max_connections_per_client: 3,
    })
    const port = running.port('reverse_proxy')
    const answers = await openMany(port, 5)
    expect([countAnswers(answers, 200), countAnswers(answers, 503)]).toEqual([3, 2])
    using other = await RawClient.connect(port, '127.0.0.1', '127.0.0.2')
    expect((await other.get('/')).status).toBe(200)
    for (const { client } of answers) client.destroy()
    await until('there is room', async () => countAnswers(await openMany(port, 1), 200) === 1)
  })

  test('applies to a combined worker as a whole', async () => {
    await using origin = await startOrigin((_req, res) => res.end('hello'))
    const target = `http://${origin.authority}`
    const workers = { forward_proxy: { max_connections_per_client: 2 }, reverse_proxy: { target } }
    await using running = await startTestDaemon({ mode: 'Combined', listen_addr: '127.0.0.1:0', workers })
    const port = running.port('combined')
    expect(countAnswers(await openMany(port, 1, `${target}/`), 200)).toBe(1)
    const answers = await openMany(port, 3)
    expect([countAnswers(answers, 200), countAnswers(answers, 503)]).toEqual([1, 2])
  })
})
