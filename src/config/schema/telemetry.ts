/** The blocks `telemetry` and `logging`. Keys that OTEL_* variables can replace have no default here. */
import { z } from 'zod'
import { collectorUrl, file, flag, headerNameKey, headerValue, integer, seconds, text } from './fields.ts'

const level = (description: string) =>
  z.enum(['trace', 'debug', 'info', 'warn', 'error']).meta({
    description,
    expects: '"trace", "debug", "info", "warn" or "error"',
  })

const format = (description: string) =>
  z.enum(['text', 'json']).meta({ description, expects: '"text" or "json"' })

const headers = z.record(headerNameKey, headerValue('Value of the field.')).meta({
  description:
    'Header fields of every export, such as an API key. Shown as ***; {encrypted} values are allowed.',
  expects: 'an object with text for each field, such as { "Authorization": "Bearer ..." }',
})

const resource = z.record(z.string().regex(/^\S{1,255}$/), text('Value of the attribute.')).meta({
  description: 'Attributes of the resource; override those of OTEL_RESOURCE_ATTRIBUTES.',
  expects: 'an object with text for each attribute, such as { "deployment.environment.name": "prod" }',
})

export const telemetry = z
  .strictObject({
    enabled: flag('false: nothing is exported or loaded, whatever OTEL_* variables are set.').default(true),
    endpoint: collectorUrl(
      'URL of the Collector; with http/protobuf the base for v1/traces, v1/metrics and v1/logs. Default: OTEL_EXPORTER_OTLP_ENDPOINT, or localhost.',
    ).optional(),
    protocol: z
      .enum(['http/protobuf', 'grpc'])
      .meta({
        description: 'OTLP transport. Default: OTEL_EXPORTER_OTLP_PROTOCOL, or http/protobuf.',
        expects: '"http/protobuf" or "grpc"',
      })
      .optional(),
    headers: headers.optional(),
    timeout_secs: seconds(
      'Longest time of one export with its retries. Default: OTEL_EXPORTER_OTLP_TIMEOUT, or 10 s.',
    ).optional(),
    compression: z
      .enum(['gzip', 'none'])
      .meta({
        description: 'Compression of exports. Default: OTEL_EXPORTER_OTLP_COMPRESSION, or none.',
        expects: '"gzip" or "none"',
      })
      .optional(),
    tls: z
      .strictObject({
        ca: file(
          'PEM file with the certificate authorities of the Collector, instead of those of Node.',
        ).optional(),
        cert: file('PEM file with the client certificate.').optional(),
        key: file('PEM file with its private key, without a passphrase.').optional(),
      })
      .meta({ description: 'TLS of an https: endpoint.' })
      .optional(),
    metrics: z
      .strictObject({
        enabled: flag('Whether to export metrics.').default(true),
        interval_secs: seconds(
          'Time between two exports. Default: OTEL_METRIC_EXPORT_INTERVAL, or 60 s.',
        ).optional(),
      })
      .prefault({}),
    traces: z
      .strictObject({
        enabled: flag('Whether to export spans; `tracing` of a worker selects them.').default(true),
        max_spans_per_sec: integer(1, 1_000_000, {
          description: 'Further spans are dropped and counted.',
          unit: 'spans/s',
        }).default(2000),
      })
      .prefault({}),
    logs: z
      .strictObject({
        enabled: flag(
          'Whether to export the log. Default: if OTEL_LOGS_EXPORTER is otlp, or OTEL_EXPORTER_OTLP_LOGS_ENDPOINT is set.',
        ).optional(),
        level: level('Lowest level of log lines that are exported.').default('info'),
        access_log: flag('Whether to export a log record for each exchange too.').default(false),
      })
      .prefault({}),
    resource: resource.optional(),
  })
  .meta({
    description:
      'Export by OTLP. Default: off, unless OTEL_EXPORTER_OTLP_ENDPOINT or a variant for one signal is set.',
  })

const target = z.strictObject({
  type: z.enum(['stdout', 'stderr', 'file']).meta({
    description: 'Destination of the lines.',
    expects: '"stdout", "stderr" or "file"',
  }),
  path: file('File that lines are appended to.').optional(),
  level: level('Level of this target.').optional(),
  format: format('Format of this target.').optional(),
})

export const logging = z
  .strictObject({
    level: level('Lowest level of lines that are written.').default('info'),
    format: format('Format of the lines.').default('text'),
    targets: z
      .array(target)
      .min(1)
      .max(16)
      .meta({
        description: 'Destinations of the log.',
        expects: 'a list of 1 to 16 targets, such as [{ "type": "stderr" }]',
      })
      .default([{ type: 'stderr' }]),
  })
  .meta({ description: "The daemon's own log. Default: text on standard error, from level info." })
