import { request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:tls'
import { expect, test } from 'vitest'
import { guardedAgent } from '../../../../src/http/dial/guarded-agent.ts'

/** Sends a request through an agent and returns the server names that a TLS server was asked for. */
async function namesFor(host: string): Promise<string[]> {
  const names: string[] = []
  // It has no certificate, so every handshake fails after the server name was read.
  const server = createServer({
    SNICallback: (name, done) => {
      names.push(name)
      done(null)
    },
  })
  server.on('tlsClientError', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const { agent } = guardedAgent(`https://${host}:${port}`, null)
  await new Promise<void>((resolve) => {
    const outgoing = request({ host, port, agent, headers: { host: 'chosen.test' } })
    outgoing.on('error', () => resolve()).end()
  })
  server.close()
  return names
}

test("an upgrade's TLS server name is the target's, not that of the client's Host field", async () => {
  expect(await namesFor('localhost')).toEqual(['localhost'])
})

test('an upgrade to an IP address sends no server name', async () => {
  expect(await namesFor('127.0.0.1')).toEqual([])
})
