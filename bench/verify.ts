/** Verifies that a target serves a case correctly before it is measured. */
import { once } from 'node:events'
import { type Agent, Agent as HttpAgent, type IncomingMessage, request } from 'node:http'
import { Agent as HttpsAgent, request as secureRequest } from 'node:https'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { type FilePath, fileBytes, messageBytes } from './cases/sizes.ts'
import { ciphers } from './certificate.ts'
import { clientFrame, serverFrame } from './drivers/frames.ts'
import { fileContent } from './origin.ts'
import type { Load, Ports, WrkLoad } from './types.ts'

const longestMs = 5_000

/** Throws unless the case is answered with 200 and the right bytes, twice, possibly on one connection. */
export async function verify(load: Load, ports: Ports): Promise<void> {
  if (load.kind === 'messages') {
    await echoed(ports)
    return
  }
  const path = 'path' in load ? load.path : '/1k.txt'
  const asWrk: WrkLoad = load.kind === 'wrk' ? load : { kind: 'wrk', path }
  const { tls, upload } = asWrk
  const agent = tls
    ? new HttpsAgent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false })
    : new HttpAgent({ keepAlive: true, maxSockets: 1 })
  const expected =
    upload === undefined ? Buffer.from(fileContent(fileBytes[path as FilePath])) : Buffer.from(String(upload))
  const isTunnel = load.kind === 'connect' || load.kind === 'bytes'
  try {
    for (let time = 0; time < 2; time++) {
      const body = isTunnel ? await tunnelled(path, ports) : await direct(asWrk, ports, agent)
      if (!body.equals(expected)) throw new Error(`${path}: a wrong body of ${body.length} bytes`)
    }
  } finally {
    agent.destroy()
  }
}

async function direct(load: WrkLoad, ports: Ports, agent: Agent): Promise<Buffer> {
  const origin = `127.0.0.1:${ports.origin}`
  const { path, absolute, close, upload } = load
  const send = load.tls ? secureRequest : request
  const sent = send({
    host: '127.0.0.1',
    port: ports.target,
    path: absolute ? `http://${origin}${path}` : path,
    method: upload === undefined ? 'GET' : 'POST',
    agent,
    headers: {
      ...(absolute ? { host: origin } : {}),
      ...(close ? { connection: 'close' } : {}),
      ...(upload === undefined ? {} : { 'content-length': upload }),
    },
    signal: AbortSignal.timeout(longestMs),
  }).end(upload === undefined ? undefined : Buffer.alloc(upload, 'b'))
  return bodyOf(sent, (answer) => {
    if (!load.tls) return
    const { name } = (answer.socket as TLSSocket).getCipher()
    if (name !== ciphers) throw new Error(`it chose ${name} instead of ${ciphers}`)
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
    const signal = AbortSignal.timeout(longestMs)
    return await bodyOf(
      request({ createConnection: () => socket, path, headers: { host: authority }, signal }).end(),
    )
  } finally {
    socket.destroy()
  }
}

async function echoed({ target }: Ports): Promise<void> {
  const signal = AbortSignal.timeout(longestMs)
  const headers = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' }
  const sent = request({
    host: '127.0.0.1',
    port: target,
    path: '/ws',
    headers: { ...headers, 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' },
    signal,
  }).end()
  const [, socket, early] = (await once(sent, 'upgrade', { signal })) as [IncomingMessage, Socket, Buffer]
  const expected = serverFrame(messageBytes)
  socket.write(clientFrame(messageBytes))
  let received = early
  try {
    while (received.length < expected.length) {
      const [data] = (await once(socket, 'data', { signal })) as [Buffer]
      received = Buffer.concat([received, data])
    }
  } finally {
    socket.destroy()
  }
  if (!received.equals(expected)) throw new Error('the echo of a message is wrong')
}

async function bodyOf(
  sent: ReturnType<typeof request>,
  check: (answer: IncomingMessage) => void = () => {},
): Promise<Buffer> {
  const [answer] = (await once(sent, 'response')) as [IncomingMessage]
  check(answer)
  const chunks: Buffer[] = []
  for await (const chunk of answer) chunks.push(chunk as Buffer)
  if (answer.statusCode !== 200) throw new Error(`answered with ${answer.statusCode}`)
  return Buffer.concat(chunks)
}
