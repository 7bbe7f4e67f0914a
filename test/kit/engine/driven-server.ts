/** A connection of the server side over a fake transport: no socket, no timer, and turns that the test drives. */
import type { ErrorCode } from '../../../src/errors.ts'
import type { BodySink } from '../../../src/http/message/message.ts'
import { Closer } from '../../../src/http/reply/closer.ts'
import { ServerConnection } from '../../../src/http/wire/server/connection.ts'
import type { RequestHandler, ServerSettings } from '../../../src/http/wire/server/contract.ts'
import type { ServerRequest } from '../../../src/http/wire/server/request.ts'
import type { ServerResponse } from '../../../src/http/wire/server/response.ts'
import { DrivenClock } from '../clients/driven-clock.ts'
import { DrivenTurns } from './driven-turns.ts'
import { FakeTransport } from './fake-transport.ts'

/** One request, its response and what was read of its body. */
export class Served implements BodySink {
  readonly request: ServerRequest
  readonly response: ServerResponse
  readonly #log: string[]
  body = ''
  /** Called for every piece. */
  onPiece: () => void = () => {}
  /** Called at the end of the body. */
  onEnd: () => void = () => {}

  constructor(request: ServerRequest, response: ServerResponse, log: string[]) {
    this.request = request
    this.response = response
    this.#log = log
    response.owner = {
      responseClosed: ({ isComplete }) => log.push(isComplete ? 'answered' : 'cut off'),
    }
  }

  takeBody(piece: Buffer): void {
    this.body += piece.toString('latin1')
    this.onPiece()
  }

  takeBodyEnd(): void {
    this.#log.push(['body', this.body, ...this.request.trailers].join(' '))
    this.onEnd()
  }

  takeBodyFault(): void {
    this.#log.push('fault')
  }

  /** Answers with this text. */
  answer(text = 'ok', ...fields: string[]): void {
    this.response.sendHead(200, undefined, ['Date', 'x', 'Content-Length', String(text.length), ...fields])
    this.response.end(text)
  }
}

/** Reads the body, then answers. */
export function echo(one: Served): void {
  one.onEnd = () => one.answer()
  one.request.readBody(one)
}

/** Every answer of `echo`, on a connection that is kept. */
export const kept =
  'HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 2\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\n\r\nok'
export const last = 'HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok'

export class DrivenServer implements RequestHandler {
  readonly transport = new FakeTransport()
  readonly turns: DrivenTurns
  readonly clock = new DrivenClock()
  readonly connection: ServerConnection
  /** What happened, in order. */
  readonly log: string[] = []
  readonly served: Served[] = []
  taken: ServerRequest | null = null
  readonly #serve: (one: Served) => void

  constructor(serve: (one: Served) => void = echo, turns = new DrivenTurns()) {
    this.#serve = serve
    this.turns = turns
    const settings: ServerSettings = {
      heads: { maxHeadBytes: 1_000, maxFields: 100, maxTargetBytes: 500 },
      keepAliveSecs: 5,
      turns,
      closer: new Closer(this.clock),
      takesOver: (head) => head.upgrade === 'websocket',
    }
    this.connection = new ServerConnection(this.transport, settings, this)
  }

  /** The client sends bytes; all turns that follow are run. */
  send(text: string): void {
    this.receive(text)
    this.turns.pollAll()
  }

  /** The client sends bytes; only the turn that reads them is run. */
  receive(text: string): void {
    if (this.transport.isPaused) throw new Error('the transport is paused')
    this.transport.receive(text)
  }

  get latest(): Served {
    const one = this.served.at(-1)
    if (one === undefined) throw new Error('there was no request')
    return one
  }

  request(request: ServerRequest, response: ServerResponse): void {
    const one = new Served(request, response, this.log)
    this.served.push(one)
    this.log.push(`${request.method} ${request.target}`)
    this.#serve(one)
  }

  takeOver(request: ServerRequest): void {
    this.taken = request
    this.log.push(`taken ${request.method} ${request.target}`)
  }

  malformed(response: ServerResponse): void {
    this.log.push('malformed')
    if (response.isHeadSent) response.abort()
    else {
      response.sendHead(400, undefined, ['Date', 'x', 'Content-Length', '0'])
      response.end()
    }
  }

  rejected(code: ErrorCode, canAnswer: boolean): Buffer | null {
    this.log.push(`rejected ${code}`)
    return canAnswer ? Buffer.from(`<${code}>`) : null
  }
}
