/** The block `request_limits`: size limits of a request. */
import { z } from 'zod'
import { integer } from './fields.ts'

export const requestLimits = z
  .strictObject({
    max_header_size: integer(1024, 1_048_576, {
      description:
        'Size of request line and header fields; larger requests get 431. Over HTTP/2: names and values of all fields, plus 32 bytes per field (RFC 9113 6.5.2).',
      unit: 'bytes',
    }).default(16_384),
    max_headers: integer(1, 10_000, {
      description: 'Number of header fields; requests with more get 431.',
    }).default(100),
    max_target_size: integer(16, 1_048_576, {
      description: 'Size of the request target (path and query, or an absolute URL); longer ones get 414.',
      unit: 'bytes',
    }).default(8_192),
    max_body_size: integer(0, Number.MAX_SAFE_INTEGER, {
      description: 'Size of the request body; larger ones get 413. 0: no limit.',
      unit: 'bytes',
    }).default(0),
  })
  .prefault({})
