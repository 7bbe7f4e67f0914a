import { z } from 'zod'
import { integer } from './fields.ts'

/** How large a request may be. */
export const requestLimits = z
  .strictObject({
    max_header_size: integer(1024, 1_048_576, {
      description:
        'Request line and header fields together; more is answered with 431. Over HTTP/2 names and values of all fields, and 32 for each field (RFC 9113 6.5.2).',
      unit: 'bytes',
    }).default(16_384),
    max_headers: integer(1, 10_000, {
      description: 'Header fields of a request; more are answered with 431.',
    }).default(100),
    max_target_size: integer(16, 1_048_576, {
      description: 'The request target (path and query, or a whole URL); a longer one is answered with 414.',
      unit: 'bytes',
    }).default(8_192),
    max_body_size: integer(0, Number.MAX_SAFE_INTEGER, {
      description: 'A request body; a larger one is answered with 413. 0 for no bound.',
      unit: 'bytes',
    }).default(0),
  })
  .prefault({})
