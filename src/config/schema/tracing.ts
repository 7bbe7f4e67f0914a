/** The block `tracing`: which requests are traced, and which trace context is sent to upstreams. */
import { z } from 'zod'
import { flag, mountPath } from './fields.ts'

const ratio = (description: string) =>
  z.number().min(0).max(1).meta({ description, expects: 'a number from 0 to 1' })

const modes = z.enum(['propagate', 'ignore', 'extract', 'inject']).meta({
  description:
    "What to do with a client's trace context: continue it and send ours (propagate), pass it through untouched (ignore), continue it without sending ours (extract), or start a new trace (inject).",
  expects: '"propagate", "ignore", "extract" or "inject"',
})

export const tracing = z
  .strictObject({
    sample_ratio: ratio(
      'Share of new traces to sample, decided by trace id as OpenTelemetry TraceIdRatioBased does. Default: from OTEL_TRACES_SAMPLER, or 0.',
    ).optional(),
    parent_based: flag(
      "Whether joined traces follow the sender's sampling decision instead of sample_ratio. Default: from OTEL_TRACES_SAMPLER, or true.",
    ).optional(),
    context: modes.default('propagate'),
    formats: z
      .array(
        z.enum(['tracecontext', 'baggage', 'b3', 'b3multi']).meta({
          description: 'Format.',
          expects: '"tracecontext", "baggage", "b3" (one field) or "b3multi" (X-B3-TraceId and others)',
        }),
      )
      .min(1)
      .max(4)
      .meta({
        description:
          'Context formats to read and write. The first one that a request has is used; all are sent. baggage is forwarded unread in any case. Default: OTEL_PROPAGATORS, or tracecontext and baggage.',
        expects:
          'a list of "tracecontext", "baggage", "b3" (one field) and "b3multi" (X-B3-TraceId and others)',
      })
      .optional(),
    trust: z
      .enum(['all', 'proxies'])
      .meta({
        description:
          'Whose traces are joined: those of all clients, or of trusted_proxies only. With "proxies", trace fields and baggage of other clients are dropped and their requests start new traces.',
        expects: '"all" or "proxies"',
      })
      .default('all'),
    routes: z
      .array(
        z.strictObject({
          path: mountPath('Path and everything below it; the longest match applies.'),
          sample_ratio: ratio('sample_ratio for these paths.').optional(),
          context: modes.optional(),
        }),
      )
      .max(100)
      .meta({
        description: 'Other values for some paths; CONNECT has no path.',
        expects: 'a list of at most 100 routes, such as [{ "path": "/health", "context": "ignore" }]',
      })
      .default([]),
  })
  .meta({
    description: 'Traces of requests. Spans need telemetry; the fields sent to upstreams do not.',
  })
  .prefault({})
