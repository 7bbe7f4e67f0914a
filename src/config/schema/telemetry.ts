/** The blocks `telemetry` and `logging`. What OTEL_* variables may say instead has no default here. */
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
    'Header fields of every export, such as an API key. Shown as *** only; {encrypted} values are allowed.',
  expects: 'an object with text for each field, such as { "Authorization": "Bearer ..." }',
})

const resource = z.record(z.string().regex(/^\S{1,255}$/), text('Value of the attribute.')).meta({
  description: 'Attributes of the resource; they win over those of OTEL_RESOURCE_ATTRIBUTES.',
  expects: 'an object with text for each attribute, such as { "deployment.environment.name": "prod" }',
})

export const telemetry = z
  .strictObject({
    enabled: flag('false: nothing is exported or loaded, whatever the environment says.').default(true),
    endpoint: collectorUrl(
      'Of the Collector; with http/protobuf a base, to which v1/traces, v1/metrics and v1/logs are added. When left out: OTEL_EXPORTER_OTLP_ENDPOINT, or the local machine.',
    ).optional(),
    protocol: z
      .enum(['http/protobuf', 'grpc'])
      .meta({
        description: 'When left out: OTEL_EXPORTER_OTLP_PROTOCOL, or http/protobuf.',
        expects: '"http/protobuf" or "grpc"',
      })
      .optional(),
    headers: headers.optional(),
    timeout_secs: seconds(
      'Longest time of one export with its retries. When left out: OTEL_EXPORTER_OTLP_TIMEOUT, or 10 s.',
    ).optional(),
    compression: z
      .enum(['gzip', 'none'])
      .meta({
        description: 'When left out: OTEL_EXPORTER_OTLP_COMPRESSION, or none.',
        expects: '"gzip" or "none"',
      })
      .optional(),
    tls: z
      .strictObject({
        ca: file('Certificates (PEM) that the Collector is judged by, instead of those of Node.').optional(),
        cert: file('Certificate (PEM) that it is shown.').optional(),
        key: file('Its key, without a passphrase.').optional(),
      })
      .meta({ description: 'Of an https: endpoint.' })
      .optional(),
    metrics: z
      .strictObject({
        enabled: flag('Whether metrics are exported.').default(true),
        interval_secs: seconds(
          'Time between two exports. When left out: OTEL_METRIC_EXPORT_INTERVAL, or 60 s.',
        ).optional(),
      })
      .prefault({}),
    traces: z
      .strictObject({
        enabled: flag(
          'Whether spans are exported; which there are is said by `tracing` of a worker.',
        ).default(true),
        max_spans_per_sec: integer(1, 1_000_000, {
          description: 'Spans beyond it are dropped and counted.',
          unit: 'spans/s',
        }).default(2000),
      })
      .prefault({}),
    logs: z
      .strictObject({
        enabled: flag(
          'Whether the log is exported. When left out: whether OTEL_LOGS_EXPORTER is otlp, or OTEL_EXPORTER_OTLP_LOGS_ENDPOINT is set.',
        ).optional(),
        level: level('What is exported of the log: this and worse.').default('info'),
        access_log: flag('Whether each exchange is a log record, too.').default(false),
      })
      .prefault({}),
    resource: resource.optional(),
  })
  .meta({
    description:
      'Export by OTLP. Off when left out, unless OTEL_EXPORTER_OTLP_ENDPOINT (or that of a signal) says where to.',
  })

const target = z.strictObject({
  type: z.enum(['stdout', 'stderr', 'file']).meta({
    description: 'Where the lines go.',
    expects: '"stdout", "stderr" or "file"',
  }),
  path: file('Of the file, which is appended to.').optional(),
  level: level('Of this target, instead of the one for all.').optional(),
  format: format('Of this target, instead of the one for all.').optional(),
})

export const logging = z
  .strictObject({
    level: level('Lines of this level and worse are written.').default('info'),
    format: format('How a line looks.').default('text'),
    targets: z
      .array(target)
      .min(1)
      .max(16)
      .meta({
        description: 'Where the log goes.',
        expects: 'a list of 1 to 16 targets, such as [{ "type": "stderr" }]',
      })
      .default([{ type: 'stderr' }]),
  })
  .meta({ description: "The daemon's own log; text on standard error, from level info, when left out." })
