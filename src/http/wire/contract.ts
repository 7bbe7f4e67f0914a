/** The interface between a connection to an upstream and the exchange on it. */
import type { Dispatcher } from 'undici'
import type { RequestBody } from '../request-body.ts'

export interface WireRequest {
  readonly path: string
  readonly method: string
  /** Flat. */
  readonly headers: readonly string[]
  readonly body: RequestBody | null
}

/** As undici's, with a last call for each read after which the response is not complete. */
export interface WireHandler
  extends Required<
    Pick<
      Dispatcher.DispatchHandler,
      'onRequestStart' | 'onResponseStart' | 'onResponseData' | 'onResponseEnd' | 'onResponseError'
    >
  > {
  flush(): void
}
