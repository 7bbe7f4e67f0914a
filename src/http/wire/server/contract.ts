/** The interfaces between the connections of clients and the code that serves their requests. */
import type { ErrorCode } from '../../../errors.ts'
import type { Closer } from '../../reply/closer.ts'
import type { ServerRequest } from './request.ts'
import type { HeadBounds, RequestHead } from './request-head.ts'
import type { ServerResponse } from './response.ts'
import type { Turns } from './turns.ts'

/** Handles the requests of one connection. */
export interface RequestHandler {
  request(request: ServerRequest, response: ServerResponse): void
  /** The request is to take the connection over: a CONNECT, or an Upgrade that `takesOver` accepted. */
  takeOver(request: ServerRequest): void
  /** The body of the running request is broken; nothing more of it can be read. */
  malformed(response: ServerResponse): void
  /**
   * The client sent no valid request, or left within one (CLIENT_ABORTED, not answered).
   * Returns the answer, if it is to be answered.
   */
  rejected(code: ErrorCode, canAnswer: boolean): Buffer | null
}

/** Shared by all connections of an instance. */
export interface ServerSettings {
  readonly heads: HeadBounds
  readonly keepAliveSecs: number
  readonly turns: Turns
  readonly closer: Closer
  /** Whether an Upgrade takes the connection over; otherwise it is an ordinary request (RFC 9110 7.8). */
  takesOver(head: RequestHead): boolean
}
