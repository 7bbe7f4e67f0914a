import type { Metric } from './metric.ts'

const worker = { scope: 'worker', isStandard: false } as const
const whole = { scope: 'process', isStandard: false } as const

/** Workers, charts and limits as main sees them, and what became of logs and telemetry. */
export const catalogue = [
  {
    ...worker,
    name: 'proxy.worker.health',
    instrument: 'gauge',
    unit: '{status}',
    description:
      'Health of a worker: 0 Healthy, 1 Warning, 2 Critical. While it ends as planned, and after that, at most 1.',
    attributes: [],
  },
  {
    ...worker,
    name: 'proxy.limit.utilization',
    instrument: 'gauge',
    unit: '1',
    description: 'Share of a limit that is used: `connections`, `memory` (the fullest instance) or `cpu`.',
    attributes: ['proxy.limit'],
  },
  {
    ...worker,
    name: 'proxy.worker.memory',
    instrument: 'updowncounter',
    unit: 'By',
    description: 'Heap in use and what lies outside of it, all instances together.',
    attributes: [],
  },
  {
    ...worker,
    name: 'proxy.worker.cpu.time',
    instrument: 'counter',
    unit: 's',
    description: 'CPU time of all instances, those that have ended included.',
    attributes: [],
  },
  {
    ...worker,
    name: 'proxy.worker.restarts',
    instrument: 'counter',
    unit: '{restart}',
    description: 'Ends of instances, but for those that were drained for a stop, by their reason.',
    attributes: ['proxy.end.reason'],
  },
  {
    ...whole,
    name: 'proxy.actor.state',
    instrument: 'gauge',
    unit: '{actor}',
    description:
      'Actors in a state: 1 for an actor of its own; instances of a worker are counted together, without their generation. 0 once the actor has left the state or ended; a supervisor that stopped with the daemon stays in `stopped`.',
    attributes: ['proxy.actor', 'proxy.actor.state'],
  },
  {
    ...whole,
    name: 'proxy.actor.transitions',
    instrument: 'counter',
    unit: '{transition}',
    description: 'How often an actor of a chart has entered a state.',
    attributes: ['proxy.chart', 'proxy.actor.state'],
  },
  {
    ...whole,
    name: 'proxy.log.dropped',
    instrument: 'counter',
    unit: '{record}',
    description: "Records of the daemon's log that were dropped.",
    attributes: [],
  },
  {
    ...whole,
    name: 'proxy.telemetry.dropped',
    instrument: 'counter',
    unit: '{item}',
    description: 'Spans, exports of metrics and log records that could not be sent.',
    attributes: ['proxy.signal'],
  },
  {
    ...whole,
    name: 'proxy.secrets.decrypted',
    instrument: 'counter',
    unit: '{value}',
    description:
      'Encrypted values of the configuration that were read. One that cannot be read stops the start, so `failed` is 0 in a daemon that runs.',
    attributes: ['proxy.result'],
  },
] as const satisfies readonly Metric[]
