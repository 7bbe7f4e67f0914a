import { describe, expect, test } from 'vitest'
import { startTestDaemon, type TestDaemon } from '../../kit/daemons/daemon.ts'
import { countAnswers, openMany, startLimitedWorkers } from '../../kit/daemons/limited-workers.ts'
import { startOrigin } from '../../kit/origins/origin.ts'
import { isServing } from '../../kit/waiting/is-serving.ts'
import { until } from '../../kit/waiting/until.ts'

const token = 'a-token-for-tests-only'

/** Changes limits as an operator would. */
function change(running: TestDaemon, worker: string, limits: object, given = token) {
  const headers = { Authorization: `Bearer ${given}` }
  return running.admin(`/limits/${worker}`, 'PATCH', { headers, body: JSON.stringify(limits) })
}

describe('limits changed at runtime', () => {
  const admin = { listen_addr: '127.0.0.1:0', token }

  test('apply to new connections at once and close no open one', async () => {
    await using origin = await startOrigin((_req, res) => res.end('hello'))
    const workers = { reverse_proxy: { target: `http://${origin.authority}`, max_connections: 10 } }
    await using running = await startTestDaemon({
      mode: 'Reverse',
      listen_addr: '127.0.0.1:0',
      workers,
      admin,
    })
    const port = running.port('reverse_proxy')
    const first = await openMany(port, 6)
    const answer = await change(running, 'reverse_proxy', { max_connections: 3 })
    expect([answer.status, answer.json()]).toEqual([
      200,
      { worker: 'reverse_proxy', changed: [{ limit: 'max_connections', from: 10, to: 3 }] },
    ])
    await until('saturated', () => running.stateOf('reverse_proxy#1/reverse') === 'saturated')
    expect(countAnswers(await openMany(port, 2), 503)).toBe(2)
    for (const { client } of first) expect((await client.get('/')).status).toBe(200)
    for (const { client } of first.slice(0, 4)) client.destroy()
    await until('there is room', () => running.stateOf('reverse_proxy#1/reverse') === 'accepting')
    expect(countAnswers(await openMany(port, 1), 200)).toBe(1)
    await change(running, 'reverse_proxy', { max_connections: 5 })
    await until('accepting', () => running.stateOf('reverse_proxy#1/reverse') === 'accepting')
    expect(countAnswers(await openMany(port, 4), 200)).toBe(2)
    expect(running.log.filter((line) => line.includes('limit changed'))).toEqual([
      'info limit changed {"worker":"reverse_proxy","limit":"max_connections","from":10,"to":3,"by":"127.0.0.1"}',
      'info limit changed {"worker":"reverse_proxy","limit":"max_connections","from":3,"to":5,"by":"127.0.0.1"}',
    ])
  })

  test('apply to memory in use and to the next generation', async () => {
    await using origin = await startOrigin((_req, res) => res.end('hello'))
    await using running = await startLimitedWorkers(`http://${origin.authority}`, {}, {}, admin)
    await change(running, 'reverse_proxy', { max_memory_mb: 48, max_connections: 2 })
    running.daemon.inject('reverse_proxy', 'leak')
    await until('recycled', () => isServing(running, 'reverse_proxy', 2), 15_000)
    await change(running, 'reverse_proxy', { max_memory_mb: 512 })
    await until('accepting', () => running.stateOf('reverse_proxy#2/reverse') === 'accepting')
    const answers = await openMany(running.port('reverse_proxy'), 3)
    expect([countAnswers(answers, 200), countAnswers(answers, 503)]).toEqual([2, 1])
  })

  test('are refused without the token from the configuration or its file', async () => {
    await using running = await startLimitedWorkers('http://127.0.0.1:9', {}, {}, admin)
    expect((await change(running, 'reverse_proxy', { max_memory_mb: 64 }, 'wrong')).status).toBe(401)
    expect((await running.admin('/limits/reverse_proxy', 'PATCH')).status).toBe(401)
    expect((await change(running, 'nobody', { max_memory_mb: 64 })).status).toBe(404)
    const unknown = await change(running, 'reverse_proxy', { max_memory: 64 })
    expect([unknown.status, unknown.text]).toEqual([400, expect.stringContaining('max_memory cannot be')])
    expect((await change(running, 'reverse_proxy', { a: 'x'.repeat(5_000) })).status).toBe(413)
    expect((await running.admin('/limits/reverse_proxy')).status).toBe(405)
    expect(running.log.filter((line) => line.includes('limit changed'))).toEqual([])
    await using closed = await startLimitedWorkers('http://127.0.0.1:9', {})
    const answer = await change(closed, 'reverse_proxy', { max_memory_mb: 64 })
    expect([answer.status, answer.text]).toEqual([401, expect.stringContaining('admin.token_file')])
  })
})
