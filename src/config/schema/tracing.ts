/** The part of the schema that is about traces: which requests are traced, and what is said of it to upstreams. */
import { z } from 'zod'
import { flag, mountPath } from './fields.ts'

const ratio = (description: string) =>
  z.number().min(0).max(1).meta({ description, expects: 'a number from 0 to 1' })

const modes = z.enum(['propagate', 'ignore', 'extract', 'inject']).meta({
  description:
    "What becomes of a client's context: it is continued and sent on (propagate), left alone (ignore), continued without a word of ours to the upstream (extract), or replaced by a new trace (inject).",
  expects: '"propagate", "ignore", "extract" or "inject"',
})

export const tracing = z
  .strictObject({
    sample_ratio: ratio(
      'Share of new traces that is sampled; decided by the trace id, as the TraceIdRatioBased sampler of OpenTelemetry does. When left out: that of OTEL_TRACES_SAMPLER, or 0.',
    ).optional(),
    parent_based: flag(
      'Whether a trace that is joined is sampled exactly when its sender has sampled it, whatever sample_ratio is. When left out: whether OTEL_TRACES_SAMPLER is, or true.',
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
          'How contexts are read and written; of several that came the first one here is taken, and all are sent. baggage passes unread in any case. When left out: OTEL_PROPAGATORS, or tracecontext and baggage.',
        expects:
          'a list of "tracecontext", "baggage", "b3" (one field) and "b3multi" (X-B3-TraceId and others)',
      })
      .optional(),
    trust: z
      .enum(['all', 'proxies'])
      .meta({
        description:
          "Whose traces are joined: everybody's, or those that trusted_proxies send. In the latter case what others send of a trace, baggage included, goes no further, and their requests start traces of their own.",
        expects: '"all" or "proxies"',
      })
      .default('all'),
    routes: z
      .array(
        z.strictObject({
          path: mountPath('Path, with what lies below it; the longest that fits holds.'),
          sample_ratio: ratio('As above, of these paths.').optional(),
          context: modes.optional(),
        }),
      )
      .max(100)
      .meta({
        description: 'Other values for some paths; a CONNECT has no path.',
        expects: 'a list of at most 100 routes, such as [{ "path": "/health", "context": "ignore" }]',
      })
      .default([]),
  })
  .meta({
    description:
      'Traces of its requests. Spans are made only where telemetry is on; what is sent to upstreams holds in any case.',
  })
  .prefault({})
