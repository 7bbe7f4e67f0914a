import { expect, test } from 'vitest'
import { RawClient } from '../../../kit/clients/raw-client.ts'
import { forwardTo, reverseTo, startEdge } from '../../../kit/daemons/data-plane.ts'
import { unusedPort } from '../../../kit/origins/origin.ts'

const json = 'Accept: application/json'

test('an error names its code, is not cacheable and reveals nothing about the upstream', async () => {
  const port = await unusedPort()
  await using proxy = await startEdge(reverseTo(`http://127.0.0.1:${port}`))
  using client = await RawClient.connect(proxy.port)
  const response = await client.get('/')
  expect(response.text).toBe('UPSTREAM_REFUSED: The upstream server could not be reached.\n')
  expect(response.get('cache-control')).toBe('no-store')
})

test('a client that prefers JSON gets JSON, also in answer to a CONNECT', async () => {
  const port = await unusedPort()
  await using proxy = await startEdge(forwardTo())
  const upgrade = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==']
  for (const lines of [
    [`GET http://127.0.0.1:${port}/ HTTP/1.1`, 'Host: a', json],
    [`CONNECT 127.0.0.1:${port} HTTP/1.1`, 'Host: a', json],
    [`GET http://127.0.0.1:${port}/ HTTP/1.1`, 'Host: a', json, ...upgrade, 'Sec-WebSocket-Version: 13'],
  ]) {
    using client = await RawClient.connect(proxy.port)
    client.head(...lines)
    const response = await client.response()
    expect(response.get('content-type')).toBe('application/json')
    expect(JSON.parse(response.text)).toEqual({
      error: { code: 'UPSTREAM_REFUSED', message: 'The upstream server could not be reached.' },
    })
  }
})
