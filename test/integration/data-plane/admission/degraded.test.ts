import { describe, expect, test } from 'vitest'
import { RawClient } from '../../../kit/clients/raw-client.ts'
import { reverseTo, startEdge } from '../../../kit/daemons/data-plane.ts'
import { startOrigin } from '../../../kit/origins/origin.ts'
import { until } from '../../../kit/waiting/until.ts'

describe('a degraded data plane', () => {
  test('ends connections after their exchange, and keeps them again after it recovers', async () => {
    await using origin = await startOrigin()
    await using edge = await startEdge(reverseTo(`http://${origin.authority}`))
    using kept = await RawClient.connect(edge.port)
    expect((await kept.get('/')).get('connection')).not.toBe('close')
    edge.edge.setDegraded(true)
    const last = await kept.get('/')
    expect([last.status, last.get('connection')]).toEqual([200, 'close'])
    await kept.ended()
    edge.edge.setDegraded(false)
    using later = await RawClient.connect(edge.port)
    expect((await later.get('/')).get('connection')).not.toBe('close')
    expect((await later.get('/')).status).toBe(200)
  })

  test('lets the running exchange finish and then ends its connection', async () => {
    const gate = Promise.withResolvers<void>()
    await using origin = await startOrigin(async (_req, res) => {
      res.write('be')
      await gate.promise
      res.end('gun')
    })
    await using edge = await startEdge(reverseTo(`http://${origin.authority}`))
    using client = await RawClient.connect(edge.port)
    client.head('GET / HTTP/1.1', 'Host: client.test')
    await client.until('be')
    edge.edge.setDegraded(true)
    gate.resolve()
    await client.until('gun')
    await client.ended()
  })

  test('closes idle upstream connections', async () => {
    await using origin = await startOrigin()
    await using edge = await startEdge(reverseTo(`http://${origin.authority}`))
    using client = await RawClient.connect(edge.port)
    await client.get('/')
    await until('one is open upstream', () => origin.sockets.size === 1)
    edge.edge.setDegraded(true)
    await until('none is open upstream', () => origin.sockets.size === 0)
  })
})
