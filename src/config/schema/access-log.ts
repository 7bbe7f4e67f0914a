/** The key `access_log`: destination and format of access logs. */
import { z } from 'zod'
import { formatFault } from '../../telemetry/access-log/format.ts'
import { integer } from './fields.ts'

const path = z
  .string()
  .min(1)
  .max(4096)
  .regex(/^[^\0]*$/)
  .meta({
    description: 'Destination; a relative path starts from the directory of this file.',
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
      'json, combined (the format of Apache and nginx), or a template: %field, and %{name} for a request header field.',
    expects: '"json", "combined" or a template, such as "%client %status %{user-agent}"',
  })

/** `description` says whose access log it is. */
export function accessLog(description: string) {
  return z
    .union([
      z
        .string()
        .min(1)
        .max(4096)
        .regex(/^[^\0]*$/),
      z.strictObject({
        path,
        format: format.default('json'),
        buffer_kb: integer(128, 1_048_576, {
          description:
            'Buffer of each instance while the destination accepts no lines; further lines are dropped and counted.',
          unit: 'KiB',
        }).default(1024),
        flush_ms: integer(1, 60_000, {
          description: 'Longest time a line stays in the buffer.',
          unit: 'ms',
        }).default(1000),
      }),
    ])
    .meta({
      description,
      expects: '"off", "stdout", the path of a file, or an object with path, format, buffer_kb, flush_ms',
    })
}
