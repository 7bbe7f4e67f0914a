import { expect, test } from 'vitest'
import { RawClient } from '../../../kit/clients/raw-client.ts'
import { reverseTo, startEdge } from '../../../kit/daemons/data-plane.ts'
import { startRawOrigin } from '../../../kit/origins/origin.ts'
import { until } from '../../../kit/waiting/until.ts'

/** The only test of its file: the first upgrade of a process loads modules before it reads its client. */
test('bytes that arrive while the first upgrade is prepared reach the origin in order', async () => {
  let got = ''
  await using origin = await startRawOrigin((socket) => {
    socket.on('data', (piece) => {
      got += piece.toString('latin1')
    })
  })
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  client.head('GET / HTTP/1.1', 'Host: a', 'Connection: Upgrade', 'Upgrade: websocket')
  let sent = ''
  // At least as many pieces as turns of the loop in which the modules load, and until the origin has the request.
  for (let at = 0; at < 100 || !got.includes('\r\n\r\n'); at += 1) {
    sent += `${at};`
    client.send(`${at};`)
    await new Promise(setImmediate)
  }
  for (const socket of origin.sockets) {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
  }
  expect((await client.responseHead()).status).toBe(101)
  await until('all bytes have arrived', () => got.endsWith(`\r\n\r\n${sent}`))
})
