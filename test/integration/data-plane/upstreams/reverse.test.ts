import { expect, test } from 'vitest'
import { RawClient } from '../../../kit/clients/raw-client.ts'
import { reverseTo, startEdge } from '../../../kit/daemons/data-plane.ts'
import { startOrigin } from '../../../kit/origins/origin.ts'

test("a request goes to the target below its path, with the client's Host", async () => {
  await using origin = await startOrigin()
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}/base/`))
  using client = await RawClient.connect(proxy.port)
  const response = await client.get('/a?b=c')
  expect(response.status).toBe(200)
  expect(response.text).toBe('hello')
  expect(origin.last.url).toBe('/base/a?b=c')
  expect(origin.last.get('host')).toBe('client.test')
})

test('a body is forwarded and the answer is returned', async () => {
  await using origin = await startOrigin(async (_req, res, seen) => {
    res.end(await seen.body)
  })
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  client.head('POST / HTTP/1.1', 'Host: a', 'Content-Length: 5').send('12345')
  expect((await client.response()).text).toBe('12345')
  expect(origin.last.get('content-length')).toBe('5')
})
