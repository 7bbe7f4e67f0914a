/** Passes the requests of one connection to the data plane. */
import type { ErrorCode } from '../../errors.ts'
import type { RequestHandler } from '../../http/wire/server/contract.ts'
import type { ServerRequest } from '../../http/wire/server/request.ts'
import type { ServerResponse } from '../../http/wire/server/response.ts'
import type { Connection } from '../exchange/connection.ts'

/** The part of the data plane that serves HTTP/1.1 connections. */
interface Plane {
  request(connection: Connection, request: ServerRequest, response: ServerResponse): void
  takeOver(connection: Connection, request: ServerRequest): void
  rejected(connection: Connection, code: ErrorCode, canAnswer: boolean): Buffer | null
  malformed(response: ServerResponse): void
}

export class ClientRequests implements RequestHandler {
  readonly #connection: Connection
  readonly #plane: Plane

  constructor(connection: Connection, plane: Plane) {
    this.#connection = connection
    this.#plane = plane
  }

  request(request: ServerRequest, response: ServerResponse): void {
    this.#plane.request(this.#connection, request, response)
  }

  takeOver(request: ServerRequest): void {
    this.#plane.takeOver(this.#connection, request)
  }

  malformed(response: ServerResponse): void {
    this.#plane.malformed(response)
  }

  rejected(code: ErrorCode, canAnswer: boolean): Buffer | null {
    return this.#plane.rejected(this.#connection, code, canAnswer)
  }
}
