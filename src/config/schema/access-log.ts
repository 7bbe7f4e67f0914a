import { z } from 'zod'
import { formatFault } from '../../telemetry/access-log/format.ts'
import { integer } from './fields.ts'

const place = z
  .string()
  .min(1)
  .max(4096)
  .regex(/^[^\0]*$/)
  .meta({
    description: 'Where the lines go; a relative path starts from the directory of this file.',
    expects: '"stdout" or the path of a file',
  })

const format = z
  .string()
  .max(4096)
  .check((context) => {
    const message = formatFault(context.value)
    if (message !== undefined) context.issues.push({ code: 'custom', input: context.value, message })
  })
  .meta({
    description:
      'json, combined (as Apache and nginx write it), or a template: %field, and %{name} for a header field of the request.',
    expects: '"json", "combined" or a template, such as "%client %status %{user-agent}"',
  })

/** One line for each exchange, or none. */
export function accessLog(description: string) {
  return z
    .union([
      z
        .string()
        .min(1)
        .max(4096)
        .regex(/^[^\0]*$/),
      z.strictObject({
        path: place,
        format: format.default('json'),
        buffer_kb: integer(128, 1_048_576, {
          description:
            'So much of each instance waits for a place that takes no lines at the moment; what comes then is dropped and counted.',
          unit: 'KiB',
        }).default(1024),
        flush_ms: integer(1, 60_000, {
          description: 'Longest wait of a line before it is written.',
          unit: 'ms',
        }).default(1000),
      }),
    ])
    .meta({
      description,
      expects: '"off", "stdout", the path of a file, or an object with path, format, buffer_kb, flush_ms',
    })
}
