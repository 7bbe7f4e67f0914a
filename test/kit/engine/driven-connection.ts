/** A connection over a fake transport, with its clock in the hands of the test. */
import { BifrostError } from '../../../src/errors.ts'
import { CoarseClock } from '../../../src/http/clock.ts'
import type { Transport } from '../../../src/http/transport/transport.ts'
import { AfterPoll } from '../../../src/http/wire/client/after-poll.ts'
import { WireConnection } from '../../../src/http/wire/client/connection.ts'
import type { OutgoingRequest, ResponseSink } from '../../../src/http/wire/client/contract.ts'
import type { BodyBuffers } from '../../../src/http/wire/client/own-buffer.ts'
import { FakeTransport } from './fake-transport.ts'

export const get: OutgoingRequest = { method: 'GET', path: '/', fields: ['Host', 'a'], body: null }

const tickMs = 10

/** Resolves when the connections that waited for a look at the sockets have written. */
export const nextTurn = (): Promise<void> =>
  new Promise((resolve) => setImmediate(() => setImmediate(resolve)))

/** Records the calls of one exchange as lines. */
export class Recorder implements ResponseSink {
  readonly lines: string[] = []
  body = ''

  requestStarted(peer: Transport | null): void {
    this.lines.push(`started at ${peer?.remoteAddress}`)
  }

  responseStarted(status: number, reason: string | undefined): void {
    this.lines.push(`${status} ${reason}`)
  }

  responseData(piece: Buffer): void {
    this.body += piece.toString('latin1')
  }

  /** Pieces that were lent and whether they left at once. */
  readonly lent: { readonly piece: Buffer; readonly left: () => void }[] = []
  isLeftAtOnce = true

  responseLent(piece: Buffer, left: () => void): void {
    this.body += piece.toString('latin1')
    this.lent.push({ piece, left })
    if (this.isLeftAtOnce) left()
  }

  responseEnded(trailers: readonly string[]): void {
    this.lines.push(['end', ...trailers].join(' '))
  }

  responseFailed(error: Error): void {
    const code = error instanceof BifrostError ? error.code : (error as { code?: string }).code
    this.lines.push(`failed ${code}`)
  }

  flush(): void {
    this.lines.push('flush')
  }

  get last(): string | undefined {
    return this.lines.at(-1)
  }
}

/** One connection; every dial succeeds with the next fake transport. */
export function drive(bounds: { readonly idleMs?: number; readonly responseMs?: number } = {}) {
  const transports: FakeTransport[] = []
  const clock = new TestClock()
  const events: string[] = []
  const buffers = new TestBuffers()
  const connection = new WireConnection(
    {
      target: { host: 'up', port: 80, timeoutMs: 1_000, gate: null },
      dial: (_target, done) => {
        const transport = new FakeTransport()
        transports.push(transport)
        done(null, transport)
        return { giveUp: () => {} }
      },
      authority: 'up:80',
      clock,
      afterPoll: new AfterPoll(),
      buffers,
      idleMs: 1_000,
      responseMs: 100,
      ...bounds,
    },
    {
      connectionOpened: () => events.push('opened'),
      connectionClosed: () => events.push('closed'),
    },
  )
  return {
    connection,
    transports,
    events,
    buffers,
    clock,
    /** The transport of the newest dial. */
    get transport(): FakeTransport {
      return transports.at(-1) as FakeTransport
    },
    /** Lets time pass, in whole ticks. */
    pass(ms: number): void {
      for (let passed = 0; passed < ms; passed += tickMs) {
        clock.tick += 1
        connection.look()
      }
    },
  }
}

/** Counts the buffers that are taken. */
class TestBuffers implements BodyBuffers {
  taken = 0

  take(): Buffer {
    this.taken += 1
    return Buffer.alloc(256 * 1024)
  }

  give(): void {
    this.taken -= 1
  }
}

/** Ticks only when the test says so. */
class TestClock extends CoarseClock {
  constructor() {
    super(tickMs * 20)
  }

  override add(): void {}

  override delete(): void {}
}
