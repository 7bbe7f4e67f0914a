/** HTTP/2 streams of an instance follow the max_connections that holds when the instance starts. */
import type { ServerResponse } from 'node:http'
import { type ClientHttp2Session, connect } from 'node:http2'
import { expect, test } from 'vitest'
import { answerOf } from '../../kit/clients/h2-client.ts'
import { startTlsDaemon } from '../../kit/daemons/tls-daemon.ts'
import { startOrigin } from '../../kit/origins/origin.ts'
import { until } from '../../kit/waiting/until.ts'

const streamsPerConnection = 10
const refusedStream = 7
const token = 'the-token-of-this-test'

async function connectH2(port: number): Promise<ClientHttp2Session> {
  const session = connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false })
  await new Promise((resolve, reject) => session.once('remoteSettings', resolve).once('error', reject))
  return session.on('error', () => {})
}

test('an instance started after a change of max_connections sizes its streams by the new value', async () => {
  const held: ServerResponse[] = []
  await using origin = await startOrigin((_req, res) => held.push(res))
  await using tls = await startTlsDaemon(`http://${origin.authority}`, {
    admin: { listen_addr: '127.0.0.1:0', token },
    worker: { max_connections: 1_000, http2: { max_concurrent_streams: streamsPerConnection } },
  })
  const { proxy } = tls
  // Four streams per connection, but never fewer than one connection may have.
  const answer = await proxy.admin('/limits/reverse_proxy', 'PATCH', {
    headers: { Authorization: `Bearer ${token}` },
    body: '{"max_connections":2}',
  })
  expect(answer.status).toBe(200)
  proxy.daemon.recycle('reverse_proxy')
  await until('the first instance is gone', () => proxy.stateOf('reverse_proxy#1/reverse') === null)
  const sessions = [await connectH2(tls.port), await connectH2(tls.port)]
  let refused = 0
  const answers = sessions.flatMap((session) =>
    Array.from({ length: streamsPerConnection }, async () => {
      const answer = await answerOf(session.request({ ':path': '/' }).on('error', () => {}))
      if (answer.reset === refusedStream) refused += 1
      return answer
    }),
  )
  await until('every stream is held or refused', () => held.length + refused === answers.length)
  expect([held.length, refused]).toEqual([streamsPerConnection, streamsPerConnection])
  for (const res of held) res.end()
  await Promise.all(answers)
  for (const session of sessions) session.destroy()
})
