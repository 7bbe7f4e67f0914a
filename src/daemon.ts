/** Composition root of the main thread: connects the charts of actors/ to what acts for them, and ends what it started. */

import { createActor } from 'xstate'
import { daemonMachine } from '../actors/daemon.ts'
import { isInstanceOf, listenerId, supervisorId } from '../actors/ids.ts'
import type { InstanceInput } from '../actors/instance.ts'
import { defaultRestartPolicy } from '../actors/restart-policy.ts'
import { TrafficApi } from './admin/api/traffic/traffic.ts'
import { AdminPart } from './admin/part.ts'
import type { DaemonSettings } from './config/settings/settings.ts'
import { createBoots } from './supervise/boots.ts'
import type { InstanceBoot } from './supervise/channel/channel.ts'
import { type Core, createCore, createViews, type Views } from './supervise/core.ts'
import type { Daemon, DaemonOptions } from './supervise/daemon-contract.ts'
import { finish } from './supervise/ending.ts'
import { createInject } from './supervise/inject.ts'
import { createLimitControl } from './supervise/limits/limit-control.ts'
import type { InstanceSample } from './supervise/limits/samples.ts'
import { createListenerChart } from './supervise/listeners/listener-chart.ts'
import { Listeners } from './supervise/listeners/listeners.ts'
import { Spares } from './supervise/listeners/spares.ts'
import { ownPorts } from './supervise/own-ports.ts'
import { createDemoPart, createPartsActor, type Part } from './supervise/parts.ts'
import { spanShare } from './supervise/plan.ts'
import { requireSocketTransfer, requireThreadLimits } from './supervise/runtime.ts'
import { createSupervisorChart } from './supervise/supervisor-chart.ts'
import { createWorkerControl } from './supervise/worker-control.ts'

type Root = ReturnType<typeof createRoot>

/** Resolves while the workers are still starting; `running` of the daemon says when they serve. */
export async function startDaemon(settings: DaemonSettings, options: DaemonOptions): Promise<Daemon> {
  if (settings.workers.some(({ isolation }) => isolation === 'thread')) requireThreadLimits()
  await requireSocketTransfer()
  const core = createCore(settings, options)
  const views = createViews(core)
  const listeners = createListeners(core)
  const inject = createFaults(core)
  const admin: AdminPart = createAdmin(core, views, inject, () => portsInUse())
  const portsInUse = () => ownPorts(core.plans, listeners, settings, admin.address)
  const parts: readonly Part[] = [
    ...(settings.admin.enabled ? [admin] : []),
    ...(settings.demoUpstream ? [createDemoPart(settings.demoUpstream)] : []),
  ]
  const boots = createBoots({ ...core, maxSpansPerSecond: spansPerInstance(core), ownPorts: portsInUse })
  const running = Promise.withResolvers<void>()
  const root = createRoot({ core, views, listeners, boots, parts, running })
  core.actors.rootIs(root)
  const stopped = finish(root, running, () => clearUp(core, views, listeners, parts))
  await core.exporting.start([views.readings.producer()])
  startSampling(core, views, admin)
  root.start()
  return {
    running: running.promise,
    stopped,
    overview: views.overview,
    readings: views.readings,
    get adminTokenFile() {
      return admin.tokenFile
    },
    inject,
    ...commandsOf(core, root),
    addresses: () => addressesOf(core, listeners, admin),
  }
}

function createListeners({ actors, log, options, plans, refusals, startTimeoutMs }: Core): Listeners {
  return new Listeners(
    plans.flatMap((plan) => plan.listeners),
    {
      // Connections that arrive during a start wait for it.
      hold: options.hold ?? { maxHeld: 1_024, maxHeldMs: startTimeoutMs },
      spares: new Spares(options.mirror, options.sparing),
      onRefused: (key, code) => refusals.refused(key, code),
      onUnspared: (key) =>
        log('warn', 'a listening socket has no spare, so a crash may refuse connections', { listener: key }),
      onRespare: (key) => actors.tell(listenerId(key), { type: 'listener.refresh' }),
    },
  )
}

function createFaults({ channels, options, settings }: Core): Daemon['inject'] {
  const isShared = (worker: string) =>
    settings.workers.some(({ name, isolation }) => name === worker && isolation === 'shared')
  return options.allowFaults ? createInject(channels, isShared) : () => false
}

function createAdmin(
  core: Core,
  views: Views,
  inject: Daemon['inject'],
  portsInUse: () => readonly number[],
): AdminPart {
  const { actors, channels, limits, log, options, settings } = core
  const { overview, journal, liveCharts, desk, readings } = views
  return new AdminPart({
    settings: settings.admin,
    overview,
    journal,
    liveCharts,
    limits: createLimitControl({
      limits,
      channels,
      log,
      tellSupervisor: (worker, event) => actors.tell(supervisorId(worker), event),
    }),
    control: createWorkerControl({
      workers: settings.workers.map(({ name }) => name),
      find: actors.find,
      log,
    }),
    log,
    onWatched(isWatched) {
      views.isWatched = isWatched
    },
    traffic: new TrafficApi({
      workers: settings.workers,
      ownPorts: portsInUse,
      positions: options.positions,
      desk,
      journal,
      log,
      tellChart: actors.tell,
    }),
    readings,
    injectFault: options.allowFaults ? inject : undefined,
  })
}

/** The spans that each instance may make in a second; 0 without a receiver of spans. */
function spansPerInstance({ options, plans, settings }: Core): number {
  const { traces = null } = settings.telemetry ?? {}
  const maxSpans = options.maxSpansPerSecond ?? traces?.maxSpansPerSecond
  return traces || options.exportSpans ? spanShare(plans, maxSpans) : 0
}

interface RootParts {
  readonly core: Core
  readonly views: Views
  readonly listeners: Listeners
  readonly boots: (input: InstanceInput) => InstanceBoot
  readonly parts: readonly Part[]
  readonly running: PromiseWithResolvers<void>
}

/** The daemon chart, not started yet, with everything below it. */
function createRoot({ core, views, listeners, boots, parts, running }: RootParts) {
  const { channels, options, plans, settings, startTimeoutMs, unix } = core
  const machine = daemonMachine.provide({
    actors: {
      listener: createListenerChart({ listeners, unix, channels }),
      supervisor: createSupervisorChart(core, views, listeners, boots),
      parts: createPartsActor(parts),
    },
    actions: { announceRunning: () => running.resolve() },
  })
  return createActor(machine, {
    id: 'daemon',
    systemId: 'daemon',
    inspect: views.journal.inspect,
    input: {
      workers: plans.map(({ name, slots, keys }) => ({ name, slots, listeners: keys })),
      parts: parts.map(({ name }) => name),
      policy: options.policy ?? defaultRestartPolicy,
      startTimeoutMs,
      drainTimeoutMs: settings.drainTimeoutMs,
      now: Date.now,
      random: Math.random,
    },
  })
}

/** Reads every instance once a second, and has everything updated that follows from it. */
function startSampling(
  { channels, options, refusals, samples, services }: Core,
  views: Views,
  admin: AdminPart,
) {
  const beatsOf = (id: string) =>
    services.find(({ type, worker }) => type === worker.type && isInstanceOf(id, worker.name))?.beatsOf(id) ??
    null
  const endSecond = (latest: readonly InstanceSample[]) => {
    views.readings.update(latest)
    views.overview.tick(performance.now(), views.isWatched)
    views.watch.judge(latest)
    refusals.tick(performance.now())
    views.healthLog.update(views.overview.settledHealth())
    admin.sampled()
  }
  samples.start({ channels: () => channels.all(), beatsOf }, endSecond, options.samplePeriodMs)
}

/** Releases what a stopped daemon may still hold. */
async function clearUp(
  core: Core,
  views: Views,
  listeners: Listeners,
  parts: readonly Part[],
): Promise<void> {
  core.samples.close()
  core.certificates.close()
  listeners.close()
  core.unix.close()
  core.refusals.close()
  for (const part of parts) part.close()
  for (const channel of core.channels.all()) channel.kill()
  await core.exporting.close(performance.now())
  views.readings.close()
}

function commandsOf({ actors, channels, exporting }: Core, root: Root) {
  return {
    reopenLogs: () => channels.post({ type: 'log.reopen' }),
    recycle(worker: string) {
      const supervisor = actors.find(supervisorId(worker))
      supervisor?.send({ type: 'op.recycle' })
      return supervisor !== undefined
    },
    stop() {
      exporting.stopping(performance.now())
      if (root.getSnapshot().status === 'active') root.send({ type: 'op.stop' })
    },
  }
}

function addressesOf({ plans, unix }: Core, listeners: Listeners, { address }: AdminPart) {
  const ofWorkers = plans.map(({ name, keys: [ofFirst = []] }) => [
    name,
    ofFirst.filter((key) => !unix.has(key)).map((key) => listeners.addressOf(key)),
  ])
  return { ...Object.fromEntries(ofWorkers), ...(address ? { admin: [address] } : {}) }
}
