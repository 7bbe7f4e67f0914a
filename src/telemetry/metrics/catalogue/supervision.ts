/** Metrics of workers, charts and limits as main sees them, and of lost logs and telemetry. */
import type { Metric } from './metric.ts'

const worker = { scope: 'worker', isStandard: false } as const
const whole = { scope: 'process', isStandard: false } as const

export const supervisionMetrics = [
  {
    ...worker,
    name: 'proxy.worker.health',
    instrument: 'gauge',
    unit: '{status}',
    description:
      'Health of a worker: 0 Healthy, 1 Warning, 2 Critical. At most 1 during and after a planned end.',
    attributes: [],
  },
  {
    ...worker,
    name: 'proxy.limit.utilization',
    instrument: 'gauge',
    unit: '1',
    description: 'Used share of a limit: `connections`, `memory` (the fullest instance) or `cpu`.',
    attributes: ['proxy.limit'],
  },
  {
    ...worker,
    name: 'proxy.worker.memory',
    instrument: 'updowncounter',
    unit: 'By',
    description: 'Used heap and memory outside it, summed over all instances.',
    attributes: [],
  },
  {
    ...worker,
    name: 'proxy.worker.cpu.time',
    instrument: 'counter',
    unit: 's',
    description: 'CPU time of all instances, including ended ones.',
    attributes: [],
  },
  {
    ...worker,
    name: 'proxy.worker.restarts',
    instrument: 'counter',
    unit: '{restart}',
    description: 'Ends of instances by reason, except drains for a stop.',
    attributes: ['proxy.end.reason'],
  },
  {
    ...whole,
    name: 'proxy.actor.state',
    instrument: 'gauge',
    unit: '{actor}',
    description:
      'Actors in a state. Instances of a worker are counted together, without their generation; every other actor counts 1. 0 after the actor left the state or ended; a supervisor stopped with the daemon stays in `stopped`.',
    attributes: ['proxy.actor', 'proxy.actor.state'],
  },
  {
    ...whole,
    name: 'proxy.actor.transitions',
    instrument: 'counter',
    unit: '{transition}',
    description: 'Entries of a state by the actors of a chart.',
    attributes: ['proxy.chart', 'proxy.actor.state'],
  },
  {
    ...whole,
    name: 'proxy.log.dropped',
    instrument: 'counter',
    unit: '{record}',
    description: "Dropped records of the daemon's log.",
    attributes: [],
  },
  {
    ...whole,
    name: 'proxy.telemetry.dropped',
    instrument: 'counter',
    unit: '{item}',
    description: 'Spans, metric data points and log records that could not be sent.',
    attributes: ['proxy.signal'],
  },
  {
    ...whole,
    name: 'proxy.secrets.decrypted',
    instrument: 'counter',
    unit: '{value}',
    description:
      'Decrypted configuration values. A value that cannot be decrypted prevents the start, so `failed` is 0 in a running daemon.',
    attributes: ['proxy.result'],
  },
] as const satisfies readonly Metric[]
