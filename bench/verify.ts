/** Verifies that a target serves a case correctly before it is measured. */
import { once } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'
import type { Socket } from 'node:net'
import type { Ports } from './drivers/drive.ts'
import { fileContent } from './origin.ts'
import type { Load } from './types.ts'

const longestMs = 5_000

/** Throws unless the case is answered with 200 and the right bytes, twice, possibly on one connection. */
export async function verify(load: Load, ports: Ports): Promise<void> {
  const path = load.kind === 'wrk' ? load.path : '/1k.txt'
  const expected = Buffer.from(fileContent(path === '/100k.bin' ? 100 * 1024 : 1024))
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  try {
    for (let time = 0; time < 2; time++) {
      const body = load.kind === 'wrk' ? await direct(load, ports, agent) : await tunnelled(path, ports)
      if (!body.equals(expected)) throw new Error(`${path}: a wrong body of ${body.length} bytes`)
    }
  } finally {
    agent.destroy()
  }
}

async function direct(load: Extract<Load, { kind: 'wrk' }>, ports: Ports, agent: Agent): Promise<Buffer> {
  const origin = `127.0.0.1:${ports.origin}`
  return get({
    host: '127.0.0.1',
    port: ports.target,
    path: load.absolute ? `http://${origin}${load.path}` : load.path,
    agent,
    headers: {
      ...(load.absolute ? { host: origin } : {}),
      ...(load.close ? { connection: 'close' } : {}),
    },
  })
}

async function tunnelled(path: string, ports: Ports): Promise<Buffer> {
  const authority = `127.0.0.1:${ports.origin}`
  const connecting = request({
    host: '127.0.0.1',
    port: ports.target,
    method: 'CONNECT',
    path: authority,
    signal: AbortSignal.timeout(longestMs),
  }).end()
  const [answer, socket] = (await once(connecting, 'connect')) as [IncomingMessage, Socket]
  try {
    if (answer.statusCode !== 200) throw new Error(`CONNECT was answered with ${answer.statusCode}`)
    return await get({ createConnection: () => socket, path, headers: { host: authority } })
  } finally {
    socket.destroy()
  }
}

async function get(options: Parameters<typeof request>[1] & object): Promise<Buffer> {
  const sent = request({ ...options, signal: AbortSignal.timeout(longestMs) }).end()
  const [answer] = (await once(sent, 'response')) as [IncomingMessage]
  const chunks: Buffer[] = []
  for await (const chunk of answer) chunks.push(chunk as Buffer)
  if (answer.statusCode !== 200) throw new Error(`answered with ${answer.statusCode}`)
  return Buffer.concat(chunks)
}
