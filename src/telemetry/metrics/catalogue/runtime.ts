import type { Metric } from './metric.ts'

const both = { scope: 'both', isStandard: true } as const
const whole = { scope: 'process', isStandard: true } as const

/** Node and the operating system; what is of both has no worker's attributes where it is the main thread's. */
export const catalogue = [
  {
    ...both,
    name: 'nodejs.eventloop.utilization',
    instrument: 'gauge',
    unit: '1',
    description:
      'Share of the time that the event loop was busy, of the main thread or of the busiest instance.',
    attributes: [],
  },
  {
    ...both,
    name: 'nodejs.eventloop.delay.p99',
    instrument: 'gauge',
    unit: 's',
    description:
      "99th percentile of the event loop's delay, of the main thread or of the worst instance; 0 while idle.",
    attributes: [],
  },
  {
    ...both,
    name: 'v8js.memory.heap.used',
    instrument: 'updowncounter',
    unit: 'By',
    description: 'V8 heap in use, all spaces together.',
    attributes: [],
  },
  {
    ...whole,
    name: 'process.cpu.time',
    instrument: 'counter',
    unit: 's',
    description:
      "CPU time of the daemon's process, its threads included; instances that are processes have their own.",
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
    description: 'Time since the process was started.',
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
