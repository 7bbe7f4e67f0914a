/** Logs changes of health. */

import type { Log, LogFields, LogLevel } from '../../telemetry/log/log.ts'
import type { HealthStatus } from './health.ts'
import type { WorkerHealth } from './shapes.ts'

/**
 * The log line of a change of a service's health, in the terms of the seed's monitoring example (S150-S152).
 */
export interface HealthLine {
  readonly level: LogLevel
  readonly message: string
  readonly fields: LogFields
}

const percent = (share: number) => `${Math.round(share * 100)}%`

export function healthLine(health: WorkerHealth): HealthLine {
  const { proxy_type: type, reasons } = health
  const connections = percent(health.connection_utilization)
  const memory = percent(health.memory_utilization)
  switch (health.status) {
    case 'Healthy':
      return { level: 'info', message: `Worker ${type} is healthy`, fields: { connections, memory } }
    case 'Warning':
      return {
        level: 'warn',
        message: `Worker ${type} warning: ${connections} connections, ${memory} memory`,
        fields: { reasons },
      }
    case 'Critical':
      return {
        level: 'error',
        message: `Worker ${type} critical - immediate attention required`,
        fields: { connections, memory, reasons },
      }
  }
}

export class HealthLog {
  readonly #log: Log
  /** The status logged last; a service without one counts as healthy. */
  readonly #said = new Map<string, HealthStatus>()

  constructor(log: Log) {
    this.#log = log
  }

  update(services: Readonly<Record<string, WorkerHealth>>): void {
    for (const [name, health] of Object.entries(services)) {
      if ((this.#said.get(name) ?? 'Healthy') === health.status) continue
      this.#said.set(name, health.status)
      const { level, message, fields } = healthLine(health)
      this.#log(level, message, fields)
    }
  }
}
