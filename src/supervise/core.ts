/** Parts of the main thread that need no chart to exist. */

import type { DaemonSettings } from '../config/settings/settings.ts'
import { Certificates } from './certificates/certificates.ts'
import { Channels } from './channel/carrier.ts'
import type { DaemonOptions } from './daemon-contract.ts'
import { Exporting } from './exporting.ts'
import { Journal } from './journal/journal.ts'
import { LimitBook } from './limits/limit-book.ts'
import { Samples } from './limits/samples.ts'
import { Watch } from './limits/watch.ts'
import { UnixPaths } from './listeners/unix-path.ts'
import { MainActors } from './main-actors.ts'
import { planWorkers } from './plan.ts'
import { RefusalLog } from './refusal-log.ts'
import { HealthLog } from './views/health-log.ts'
import { LiveCharts } from './views/live-charts.ts'
import { Overview } from './views/overview.ts'
import { Readings } from './views/readings.ts'
import { TrafficDesk } from './views/traffic-desk.ts'

export type Core = ReturnType<typeof createCore>
export type Views = ReturnType<typeof createViews>

/** What every other part needs. It depends on the settings and options only. */
export function createCore(settings: DaemonSettings, options: DaemonOptions) {
  const exporting = new Exporting(settings, options.log)
  const { log } = exporting
  const plans = planWorkers(settings)
  const services = plans.flatMap((plan) => plan.services)
  exporting.countDropped(() => services.reduce((sum, service) => sum + service.total('spansDropped'), 0))
  const channels = new Channels()
  return {
    settings,
    options,
    startTimeoutMs: options.startTimeoutMs ?? 30_000,
    exporting,
    log,
    plans,
    services,
    channels,
    actors: new MainActors(),
    certificates: new Certificates(settings.workers, log, (worker, at, material) => {
      for (const channel of channels.of(worker)) channel.post({ type: 'tls', at, material })
    }),
    samples: new Samples(),
    refusals: new RefusalLog(services, log),
    unix: new UnixPaths(plans.flatMap((plan) => plan.unix)),
    limits: new LimitBook(settings.workers, services),
  }
}

/** The daemon as seen from outside: journal, limits, overview, metrics and traffic. */
export function createViews({ actors, channels, exporting, limits, log, options, samples, services }: Core) {
  const journal = new Journal({
    now: Date.now,
    onMove(move) {
      exporting.moved(move)
      readings.moved(move)
    },
  })
  const watch = new Watch({
    limitsOf: (worker) => limits.of(worker),
    isContained: (worker) => limits.isContained(worker),
    stateOf: (id) => journal.stateOf(id),
    tellInstance: (id, message) => channels.get(id)?.post(message),
    tellChart: actors.tell,
    log,
  })
  const observed = { services, channels, samples, journal, limits, watch }
  const overview = new Overview(observed)
  const readings = new Readings({
    ...observed,
    overview,
    secretsDecrypted: options.secretsDecrypted ?? 0,
    dropped: () => ({ ...exporting.drops(), logRecords: options.logDropped?.() ?? 0 }),
  })
  return {
    journal,
    watch,
    overview,
    readings,
    liveCharts: new LiveCharts({ find: actors.find, channels }),
    desk: new TrafficDesk({ channels }),
    healthLog: new HealthLog(log),
    /** Whether a viewer looks at the admin page. */
    isWatched: false,
  }
}
