/** Keeps the SDK out of the process-wide OpenTelemetry globals. */
import { DiagLogLevel, diag, logs, metrics, type ProxyTracerProvider, trace } from '@opentelemetry/api'
import { diagLogLevelFromString } from '@opentelemetry/core'
import type { Log } from '../log/log.ts'
import type { DiagnosticsLevel } from './settings.ts'

/**
 * Starts the SDK without its global providers. NodeSDK registers them for the whole process, where they would
 * displace those of a program that embeds this library; nothing here uses them.
 */
export function withoutGlobals(start: () => void): void {
  const before = registered()
  start()
  const after = registered()
  if (after.trace !== before.trace) trace.disable()
  if (after.metrics !== before.metrics) metrics.disable()
  if (after.logs !== before.logs) logs.disable()
}

const registered = () => ({
  trace: (trace.getTracerProvider() as ProxyTracerProvider).getDelegate(),
  metrics: metrics.getMeterProvider(),
  logs: logs.getLoggerProvider(),
})

/** Sends the SDK's diagnostics to a log instead of the console. */
export function sayDiagnostics(log: Log, level: DiagnosticsLevel): void {
  const at =
    (lineLevel: Parameters<Log>[0]) =>
    (message: string, ...rest: unknown[]) => {
      const detail = rest.map((one) =>
        one instanceof Error ? one.message : typeof one === 'string' ? one : '',
      )
      log(
        lineLevel,
        `OpenTelemetry: ${message}`,
        detail.length === 0 ? {} : { detail: detail.join(' ').trim() },
      )
    }
  diag.setLogger(
    { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug'), verbose: at('debug') },
    { logLevel: diagLogLevelFromString(level) ?? DiagLogLevel.INFO, suppressOverrideMessage: true },
  )
}
