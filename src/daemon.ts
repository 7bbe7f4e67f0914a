import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { createActor } from 'xstate'
import { daemonMachine } from '../actors/daemon.ts'
import { isInstanceOf, listenerId, supervisorId, workerOfListener } from '../actors/ids.ts'
import { type InstanceInput, instanceMachine } from '../actors/instance.ts'
import { defaultRestartPolicy } from '../actors/restart-policy.ts'
import { supervisorMachine } from '../actors/supervisor.ts'
import { TrafficApi } from './admin/api/traffic/traffic.ts'
import { AdminPart } from './admin/part.ts'
import type { DaemonSettings } from './config/settings/settings.ts'
import { Certificates } from './supervise/certificates/certificates.ts'
import { Channels, createCarrier } from './supervise/channel/carrier.ts'
import type { FromInstance, InstanceBoot } from './supervise/channel/channel.ts'
import { openChannel } from './supervise/channel/openers.ts'
import type { Daemon, DaemonOptions } from './supervise/daemon-contract.ts'
import { finish } from './supervise/ending.ts'
import { Exporting } from './supervise/exporting.ts'
import { createInject } from './supervise/inject.ts'
import { recordMoves } from './supervise/journal/instance-moves.ts'
import { Journal, type Move } from './supervise/journal/journal.ts'
import { LimitBook } from './supervise/limits/limit-book.ts'
import { createLimitControl } from './supervise/limits/limit-control.ts'
import { type Sample, Samples } from './supervise/limits/samples.ts'
import { Watch } from './supervise/limits/watch.ts'
import { createListenerChart } from './supervise/listeners/listener-chart.ts'
import { Listeners } from './supervise/listeners/listeners.ts'
import { ownPorts } from './supervise/listeners/own-ports.ts'
import { RefusalLog } from './supervise/listeners/refusal-log.ts'
import { Spares } from './supervise/listeners/spares.ts'
import { UnixPaths } from './supervise/listeners/unix-path.ts'
import { createDemoPart, createPartsActor, type Part } from './supervise/parts.ts'
import { planWorkers, spanShare } from './supervise/plan.ts'
import { requireSocketTransfer, requireThreadLimits } from './supervise/runtime.ts'
import { HealthLog } from './supervise/views/health-log.ts'
import { LiveCharts } from './supervise/views/live-charts.ts'
import { Overview } from './supervise/views/overview.ts'
import { Readings } from './supervise/views/readings.ts'
import { TrafficDesk } from './supervise/views/traffic-desk.ts'
import { createWorkerControl } from './supervise/worker-control.ts'

/** Composition root of the main thread: gives the charts of actors/ their hands, and ends whatever it started. */
export async function startDaemon(settings: DaemonSettings, options: DaemonOptions): Promise<Daemon> {
  if (settings.workers.some(({ isolation }) => isolation === 'thread')) requireThreadLimits()
  await requireSocketTransfer()
  const exporting = new Exporting(settings, options.log)
  const { log } = exporting
  const { positions } = options
  const pseudonym = `bifrost-${randomBytes(6).toString('hex')}`
  const plans = planWorkers(settings)
  const services = plans.flatMap((plan) => plan.services)
  exporting.countDropped(() => services.reduce((sum, service) => sum + service.total('spansDropped'), 0))
  const { traces = null } = settings.telemetry ?? {}
  const maxSpans = options.maxSpansPerSecond ?? traces?.maxSpansPerSecond
  const maxSpansPerSecond = traces || options.exportSpans ? spanShare(plans, maxSpans) : 0
  const channels = new Channels()
  const certificates = new Certificates(settings.workers, log, (worker, at, material) => {
    for (const channel of channels.of(worker)) channel.post({ type: 'tls', at, material })
  })
  const samples = new Samples()
  const onMove = (move: Move) => {
    exporting.moved(move)
    readings.moved(move)
  }
  const journal = new Journal({ now: Date.now, onMove })
  const startTimeoutMs = options.startTimeoutMs ?? 30_000
  const refusals = new RefusalLog(services, log)
  const tellListener = (key: string, event: { readonly type: string }) => find(listenerId(key))?.send(event)
  const listeners = new Listeners(
    plans.flatMap((plan) => plan.listeners),
    {
      // What connects during a start waits for it.
      hold: options.hold ?? { maxHeld: 1_024, maxHeldMs: startTimeoutMs },
      spares: new Spares(options.mirror, options.sparing),
      onRefused: (key, code) => refusals.refused(key, code),
      onUnspared: (key) =>
        log('warn', 'a listening socket has no spare, so a crash may refuse connections', { listener: key }),
      onRespare: (key) => tellListener(key, { type: 'listener.refresh' }),
    },
  )
  const unix = new UnixPaths(plans.flatMap((plan) => plan.unix))
  const limits = new LimitBook(settings.workers, services)
  const find = (actor: string) => root.system.get(actor)
  const tellChart = (actor: string, event: { readonly type: string }) => find(actor)?.send(event)
  const watch = new Watch({
    limitsOf: (worker) => limits.of(worker),
    isContained: (worker) => limits.isContained(worker),
    stateOf: (id) => journal.stateOf(id),
    tellInstance: (id, message) => channels.get(id)?.post(message),
    tellChart,
    log,
  })
  const liveCharts = new LiveCharts({ find, channels })
  const desk = new TrafficDesk({ channels })
  const healthLog = new HealthLog(log)
  const observed = { services, channels, samples, journal, limits, watch }
  const overview = new Overview(observed)
  const readings = new Readings({
    ...observed,
    overview,
    secretsDecrypted: options.secretsDecrypted ?? 0,
    dropped: () => ({ ...exporting.drops(), logRecords: options.logDropped?.() ?? 0 }),
  })

  let isWatched = false
  const servicesOf = (worker: string) => services.filter((service) => service.worker.name === worker)

  const bootOf = ({ id, worker, slot, generation }: InstanceInput): InstanceBoot => {
    const own = servicesOf(worker)
    return {
      id,
      slot,
      generation,
      ...limits.allot(id, worker, slot),
      counters: Object.fromEntries(own.map((service) => [service.type, service.openBlock(id)])),
      tls: settings.workers.filter(({ name }) => name === worker).flatMap((one) => certificates.of(one)),
      drainTimeoutMs: exporting.drainTimeoutMs,
      postsExchanges: exporting.takesExchanges,
      maxSpansPerSecond,
      ownPorts: portsInUse(),
      pseudonym,
    }
  }

  const openedUnix = (id: string, key: string, inode: number) => {
    unix.opened(key, inode)
    // Whoever had the path before would keep a socket that no client can find.
    for (const channel of channels.of(workerOfListener(key)))
      if (channel.id !== id) channel.post({ type: 'listener.recall', key })
  }

  const onMessage = (id: string, message: FromInstance) => {
    if (message.type === 'listener.returned') {
      listeners.adopt(message.key, message.server)
      find(listenerId(message.key))?.send({ type: 'listener.returned', instance: id })
    } else if (message.type === 'listener.opened') openedUnix(id, message.key, message.inode)
    else if (message.type === 'charts.moved') recordMoves(journal, id, message.moves)
    else if (message.type === 'chart.answer') liveCharts.answered(message.ask, message.live)
    else if (message.type === 'answer' || message.type === 'failures') desk.heard(id, message)
    else if (message.type === 'spans' || message.type === 'exchanges') {
      exporting.take(message)
      if (message.type === 'spans') options.exportSpans?.(message.spans)
    } else if (message.type === 'log')
      log(message.level, message.message, { instance: id, ...message.fields })
  }

  const onUndelivered = (key: string, socket: Socket) => listeners.holdAgain(key, socket)

  const onGone = ({ id, worker }: InstanceInput) => {
    journal.forget(id)
    limits.end(id)
    desk.ended(id)
    for (const service of servicesOf(worker)) service.closeBlock(id)
  }

  const isShared = (worker: string) => servicesOf(worker)[0]?.worker.isolation === 'shared'
  const inject = options.allowFaults ? createInject(channels, isShared) : () => false

  const portsInUse = (): readonly number[] => ownPorts(plans, listeners, settings, admin.address)
  const admin: AdminPart = new AdminPart({
    settings: settings.admin,
    overview,
    journal,
    liveCharts,
    limits: createLimitControl({
      limits,
      channels,
      log,
      tellSupervisor: (worker, event) => tellChart(supervisorId(worker), event),
    }),
    control: createWorkerControl({ workers: settings.workers.map(({ name }) => name), find, log }),
    log,
    onWatched(is) {
      isWatched = is
    },
    traffic: new TrafficApi({
      workers: settings.workers,
      ownPorts: portsInUse,
      positions,
      desk,
      journal,
      log,
      tellChart,
    }),
    readings,
    injectFault: options.allowFaults ? inject : undefined,
  })
  const parts: readonly Part[] = [
    ...(settings.admin.enabled ? [admin] : []),
    ...(settings.demoUpstream ? [createDemoPart(settings.demoUpstream)] : []),
  ]

  const listener = createListenerChart({ listeners, unix, channels })
  const instance = instanceMachine.provide({
    actors: {
      carrier: createCarrier({ channels, open: openChannel, bootOf, onMessage, onUndelivered, onGone }),
    },
  })
  const supervisor = supervisorMachine.provide({
    actors: { instance },
    actions: {
      logEnd: ({ context }) => {
        const end = context.lastEnd
        if (end === null) return
        readings.ended(end.id, end.reason)
        const level = end.reason === 'drained' || end.reason === 'recycled' ? 'info' : 'error'
        log(level, 'instance ended', { instance: end.id, reason: end.reason, message: end.message })
      },
    },
  })

  const running = Promise.withResolvers<void>()
  const root = createActor(
    daemonMachine.provide({
      actors: { listener, supervisor, parts: createPartsActor(parts) },
      actions: { announceRunning: () => running.resolve() },
    }),
    {
      id: 'daemon',
      systemId: 'daemon',
      inspect: journal.inspect,
      input: {
        workers: plans.map(({ name, slots, keys }) => ({ name, slots, listeners: keys })),
        parts: parts.map(({ name }) => name),
        policy: options.policy ?? defaultRestartPolicy,
        startTimeoutMs,
        drainTimeoutMs: settings.drainTimeoutMs,
        now: Date.now,
        random: Math.random,
      },
    },
  )

  const stopped = finish(root, running, async () => {
    samples.close()
    certificates.close()
    listeners.close()
    unix.close()
    refusals.close()
    for (const part of parts) part.close()
    for (const channel of channels.all()) channel.kill()
    await exporting.close(performance.now())
    readings.close()
  })
  const beatsOf = (id: string) =>
    services.find(({ type, worker }) => type === worker.type && isInstanceOf(id, worker.name))?.beatsOf(id) ??
    null
  const endSecond = (latest: readonly Sample[]) => {
    readings.update(latest)
    overview.tick(performance.now(), isWatched)
    watch.judge(latest)
    refusals.tick(performance.now())
    healthLog.update(overview.settledHealth())
    admin.sampled()
  }
  await exporting.start([readings.producer()])
  samples.start({ channels: () => channels.all(), beatsOf }, endSecond, options.samplePeriodMs)
  root.start()

  return {
    running: running.promise,
    stopped,
    overview,
    readings,
    get adminTokenFile() {
      return admin.tokenFile
    },
    inject,
    reopenLogs: () => channels.post({ type: 'log.reopen' }),
    recycle(worker) {
      const supervisorRef = find(supervisorId(worker))
      supervisorRef?.send({ type: 'op.recycle' })
      return supervisorRef !== undefined
    },
    stop() {
      exporting.stopping(performance.now())
      if (root.getSnapshot().status === 'active') root.send({ type: 'op.stop' })
    },
    addresses: () => ({
      ...Object.fromEntries(
        plans.map((plan) => [
          plan.name,
          (plan.keys[0] ?? []).filter((key) => !unix.has(key)).map((key) => listeners.addressOf(key)),
        ]),
      ),
      ...(admin.address ? { admin: [admin.address] } : {}),
    }),
  }
}
