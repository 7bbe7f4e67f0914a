/** Metrics of Node and the operating system. */
import type { Metric } from './metric.ts'

const both = { scope: 'both', isStandard: true } as const
const whole = { scope: 'process', isStandard: true } as const

/** Metrics with the scope `both` have no worker attributes where they describe the main thread. */
export const runtimeMetrics = [
  {
    ...both,
    name: 'nodejs.eventloop.utilization',
    instrument: 'gauge',
    unit: '1',
    description: 'Share of time that the event loop was busy, in the main thread or the busiest instance.',
    attributes: [],
  },
  {
    ...both,
    name: 'nodejs.eventloop.delay.p99',
    instrument: 'gauge',
    unit: 's',
    description:
      "99th percentile of the event loop's delay, in the main thread or the worst instance; 0 while idle.",
    attributes: [],
  },
  {
    ...both,
    name: 'v8js.memory.heap.used',
    instrument: 'updowncounter',
    unit: 'By',
    description: 'Used V8 heap in all spaces.',
    attributes: [],
  },
  {
    ...whole,
    name: 'process.cpu.time',
    instrument: 'counter',
    unit: 's',
    description: "CPU time of the daemon's process and its threads, without instances that are processes.",
    attributes: ['cpu.mode'],
  },
  {
    ...whole,
    name: 'process.memory.usage',
    instrument: 'updowncounter',
    unit: 'By',
    description: "Resident memory of the daemon's process.",
    attributes: [],
  },
  {
    ...whole,
    name: 'process.uptime',
    instrument: 'gauge',
    unit: 's',
    description: 'Time since the process started.',
    attributes: [],
  },
  {
    ...whole,
    name: 'process.unix.file_descriptor.count',
    instrument: 'updowncounter',
    unit: '{file_descriptor}',
    description: 'Open file descriptors of the process.',
    attributes: [],
  },
  {
    ...whole,
    name: 'process.thread.count',
    instrument: 'updowncounter',
    unit: '{thread}',
    description: 'Threads of the process.',
    attributes: [],
  },
] as const satisfies readonly Metric[]
