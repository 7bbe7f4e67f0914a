/** A plain HTTP/1.1 server on the engine, without a data plane around it. */
import { type AddressInfo, createServer } from 'node:net'
import { CoarseClock } from '../../../src/http/clock.ts'
import { Closer } from '../../../src/http/reply/closer.ts'
import { replyBytes } from '../../../src/http/reply/reply.ts'
import type { Transport } from '../../../src/http/transport/transport.ts'
import { transportOf } from '../../../src/http/transport/transport-of.ts'
import { ServerConnection } from '../../../src/http/wire/server/connection.ts'
import type { ServerRequest } from '../../../src/http/wire/server/request.ts'
import type { ServerResponse } from '../../../src/http/wire/server/response.ts'
import { Turns } from '../../../src/http/wire/server/turns.ts'

export interface EngineServer extends AsyncDisposable {
  readonly port: number
  /** Accepted transports, in order. */
  readonly transports: Transport[]
}

/** Starts it on a free port; `answer` is called with every request. */
export async function startEngineServer(
  answer: (request: ServerRequest, response: ServerResponse) => void,
): Promise<EngineServer> {
  const clock = new CoarseClock(1_000)
  const closer = new Closer(clock)
  const settings = {
    heads: { maxHeadBytes: 16_384, maxFields: 100, maxTargetBytes: 8_192 },
    keepAliveSecs: 5,
    turns: new Turns(),
    closer,
    takesOver: () => false,
  }
  const handler = {
    request: answer,
    takeOver: () => {},
    malformed: (response: ServerResponse) => response.abort(),
    rejected: replyBytes,
  }
  const transports: Transport[] = []
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const transport = transportOf(socket)
    transports.push(transport)
    const rejected = (code: Parameters<typeof replyBytes>[0], canAnswer: boolean) =>
      canAnswer ? replyBytes(code) : null
    new ServerConnection(transport, settings, { ...handler, rejected })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    transports,
    async [Symbol.asyncDispose]() {
      for (const transport of transports) transport.close()
      clock.close()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
