/** Header fields and whole responses that are sent many times; an engine keeps with them what it has made of them. */

/** What an engine knows about a list of fields after it has written them once. */
export interface FieldFacts {
  /** As HTTP/1.1 lines, each with its CRLF. */
  readonly text: string
  /** Content-Length; -1 without one. */
  readonly length: number
  readonly hasDate: boolean
  readonly hasConnection: boolean
}

/** Flat header fields that many responses share. */
export class PreparedFields {
  readonly fields: readonly string[]
  facts: FieldFacts | null = null

  constructor(fields: readonly string[]) {
    this.fields = fields
  }
}

export type FieldList = readonly string[] | PreparedFields

/** A whole response with a Content-Length. */
export class PreparedResponse {
  readonly status: number
  readonly fields: PreparedFields
  /** A view of `sent` once that exists. */
  body: Buffer
  /** The response as HTTP/1.1 sends it on a kept connection, or its head alone for a large body. */
  sent: Buffer | null = null
  /** The line of `sent` that changes once a second. */
  dateLine = ''
  keepAliveSecs = -1

  constructor(status: number, fields: readonly string[], body: Buffer) {
    this.status = status
    this.fields = new PreparedFields(fields)
    this.body = body
  }
}
