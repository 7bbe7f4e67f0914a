/** The admin interface as a part of the daemon. Main opens it before the workers start. */
import { randomBytes } from 'node:crypto'
import type { AdminSettings, ListenAddress } from '../config/settings/settings.ts'
import { OwnCertificate } from '../supervise/certificates/certificate-files.ts'
import type { Journal } from '../supervise/journal/journal.ts'
import type { LimitControl } from '../supervise/limits/limit-control.ts'
import type { Part } from '../supervise/parts.ts'
import type { LiveCharts } from '../supervise/views/live-charts.ts'
import type { Overview } from '../supervise/views/overview.ts'
import type { Readings } from '../supervise/views/readings.ts'
import type { WorkerControl } from '../supervise/worker-control.ts'
import type { Log } from '../telemetry/log/log.ts'
import { ChartFiles } from './api/chart-files.ts'
import { Broadcast, Viewers } from './api/events/broadcast.ts'
import { EventFrames } from './api/events/event-frames.ts'
import { actorFrame, inspectionFrames } from './api/events/inspection.ts'
import { coreHandlers } from './api/handlers.ts'
import type { TrafficApi } from './api/traffic/traffic.ts'
import { trafficHandlers } from './api/traffic/traffic-routes.ts'
import { Access } from './gate/access.ts'
import { openToken } from './gate/token.ts'
import { limitsHandler } from './limits.ts'
import { Metrics } from './metrics.ts'
import { pageAnswer } from './page.ts'
import { plainRoutes } from './plain-routes.ts'
import { AdminServer, type InjectFault } from './server.ts'

export interface AdminPartOptions {
  readonly settings: AdminSettings
  readonly overview: Overview
  readonly journal: Journal
  readonly liveCharts: LiveCharts
  readonly limits: LimitControl
  readonly control: WorkerControl
  readonly log: Log
  /** Reports whether viewers watch the charts; charts report more details while they do. */
  readonly onWatched: (isWatched: boolean) => void
  readonly injectFault?: InjectFault | undefined
  readonly traffic: TrafficApi
  readonly readings: Readings
}

/** Maximum concurrent event streams. */
const maxViewers = 16

export class AdminPart implements Part {
  readonly name = 'admin'
  /** Null before it is open and for a Unix socket. */
  address: ListenAddress | null = null
  readonly #options: AdminPartOptions
  readonly #events: Broadcast
  readonly #inspection: Broadcast
  readonly #frames: EventFrames
  readonly #metrics: Metrics
  #server: AdminServer | null = null
  #tokenFile: string | null = null

  constructor(options: AdminPartOptions) {
    this.#options = options
    const { journal, overview, readings, onWatched } = options
    this.#metrics = new Metrics(overview, readings, () => performance.now())
    const viewers = new Viewers(maxViewers, onWatched)
    const frames = new EventFrames({
      run: randomBytes(6).toString('hex'),
      journal,
      overview,
      now: Date.now,
    })
    this.#frames = frames
    this.#events = new Broadcast({
      journal,
      viewers,
      greet: (lastEventId) => frames.greeting(lastEventId),
      restore: () => frames.reset('behind'),
      frameOf: (entry) => frames.of(entry),
    })
    const everyActor = () =>
      journal
        .actors()
        .map((view) => actorFrame(view, Date.now()))
        .join('')
    this.#inspection = new Broadcast({
      journal,
      viewers,
      greet: everyActor,
      restore: everyActor,
      frameOf: inspectionFrames,
    })
  }

  /** Path of the token file; null if the configuration contains the token or there is no token. */
  get tokenFile(): string | null {
    return this.#tokenFile
  }

  async open(): Promise<void> {
    const { settings, overview, journal, liveCharts, control, limits, injectFault, log, traffic } =
      this.#options
    const token = openToken(settings)
    if (token.text === null)
      log('warn', 'there is no admin token, so nothing can be changed', {
        file: token.file,
        reason: token.problem,
      })
    else this.#tokenFile = token.file
    const access = new Access({ token, isLocal: settings.isLocal })
    this.#server = new AdminServer({
      settings,
      certificate: settings.tls === null ? null : new OwnCertificate(settings.tls, log),
      access,
      plain: plainRoutes(overview, this.#metrics),
      page: pageAnswer,
      injectFault,
      handlers: {
        ...coreHandlers({
          journal,
          overview,
          liveCharts,
          control,
          charts: new ChartFiles(),
          events: this.#events,
          inspection: this.#inspection,
          openSession: () => access.openSession(),
          now: Date.now,
        }),
        changeLimits: limitsHandler(limits),
        ...trafficHandlers(traffic),
      },
    })
    this.address = await this.#server.listen()
  }

  /** Call once a second. */
  sampled(): void {
    this.#metrics.forget()
    if (this.#events.isWatched) this.#events.tell(this.#frames.sample())
  }

  close(): void {
    this.#events.close()
    this.#inspection.close()
    this.#server?.close()
  }
}
