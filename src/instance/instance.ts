/** Composition root of an instance: its charts and ledgers, its data plane, and its channel to main. */
import type { Socket } from 'node:net'
import { createActor } from 'xstate'
import { lowWaterMark, workerSystemId } from '../../actors/ledger.ts'
import { workerMachine } from '../../actors/worker.ts'
import { peerOf } from '../http/address/peer.ts'
import type { Transport } from '../http/transport/transport.ts'
import { closeAccepted } from '../http/transport/transport-of.ts'
import { limitClients } from '../proxy/data-plane/client-limits.ts'
import { createDataPlane, type DataPlane } from '../proxy/data-plane/data-plane.ts'
import { DescriptorGuard } from '../proxy/data-plane/descriptors.ts'
import type { Admission } from '../proxy/exchange/admission.ts'
import { describeExchanges } from '../proxy/trace/exchange-attributes.ts'
import { createSpanOutput, type SpanOutput } from '../proxy/trace/span-output.ts'
import type { InstanceBoot, InstancePort, ToInstance } from '../supervise/channel/channel.ts'
import type { AccessLogs } from '../telemetry/access-log/access-log.ts'
import type { Log } from '../telemetry/log/log.ts'
import type { LogBounds } from '../telemetry/log/log-bounds.ts'
import { beatPeriodMs, startBeat } from '../telemetry/metrics/beat.ts'
import { type CounterBlock, count, openCounterBlock } from '../telemetry/metrics/counters.ts'
import type { TrafficQuestion } from '../telemetry/traffic-record.ts'
import { ledgerAdmission, type WorkerActor } from './admission.ts'
import { ChartReports } from './charts.ts'
import { failLoudly, faultActions } from './faults.ts'
import { WorkerListeners } from './listeners.ts'
import { boundedLog, openAccessLogs } from './logs.ts'

/**
 * A running instance. It neither ends its thread or process nor listens to signals: that is the task of its
 * entry, and in `shared` isolation there is neither.
 */
export interface Instance {
  /** Resolves when it accepts connections. */
  readonly ready: Promise<void>
  /** Returns all listening servers to main. */
  giveBack(): void
  /** Writes the waiting access log lines, and posts other waiting data, now. */
  flushLogs(): void
  /** Ends everything at once, for `shared` isolation, where no thread or process ends with the instance. */
  close(): Promise<void>
}

/** `exit` is called once, when a drain is over and nothing is open any more. */
export function runInstance(boot: InstanceBoot, port: InstancePort, exit: () => void): Instance {
  const instance = new RunningInstance(boot, port, exit)
  return {
    ready: instance.start(),
    giveBack: () => instance.giveBack(),
    flushLogs: () => instance.flushLogs(),
    close: () => instance.close(),
  }
}

class RunningInstance {
  readonly #boot: InstanceBoot
  readonly #port: InstancePort
  readonly #exit: () => void
  readonly #counters: Readonly<Record<string, CounterBlock>>
  /** One chart per service, and one for the whole worker if it has several services. */
  readonly #charts = new Map<string, WorkerActor>()
  readonly #reports: ChartReports
  readonly #listeners: WorkerListeners
  #isCut = false
  /** Resources above their limit, as main has reported. */
  #exceeded: readonly string[] = []
  #dataPlane: DataPlane | null = null
  #descriptors: DescriptorGuard | null = null
  #accessLogs: AccessLogs | null = null
  #spans: SpanOutput | null = null
  readonly #log: Log
  readonly #logBounds: LogBounds
  #stopBeat: () => void = () => {}

  constructor(boot: InstanceBoot, port: InstancePort, exit: () => void) {
    this.#boot = boot
    this.#port = port
    this.#exit = exit
    this.#listeners = new WorkerListeners(boot.worker.listen, port, (accepted, at) =>
      this.#accept(accepted, at),
    )
    this.#reports = new ChartReports({ post: (message) => port.post(message) })
    this.#logBounds = boundedLog(boot, port)
    this.#log = this.#logBounds.log
    this.#counters = Object.fromEntries(
      Object.entries(boot.counters).map(([type, buffer]) => [type, openCounterBlock(buffer)]),
    )
  }

  async start(): Promise<void> {
    const { worker, pseudonym, maxConnections } = this.#boot
    for (const type of Object.keys(maxConnections)) this.#charts.set(type, this.#startChart(type))
    const services =
      worker.type === 'combined' ? worker.services.map(({ type }) => [type, this.#admissionOf(type)]) : []
    const block = this.#counters[worker.type]
    if (block === undefined) throw new TypeError(`no counter block for ${worker.type}`)
    this.#accessLogs = await openAccessLogs(
      this.#boot,
      this.#port,
      block,
      this.#log,
      describeExchanges(worker.services),
    )
    this.#spans = createSpanOutput(this.#boot, block, (spans) => this.#port.post({ type: 'spans', spans }))
    this.#dataPlane = await createDataPlane({
      worker,
      maxConnections: maxConnections[worker.type] ?? 0,
      admissions: { worker: this.#workerAdmission(), services: Object.fromEntries(services) },
      counters: this.#counters,
      tls: this.#boot.tls,
      pseudonym: `${pseudonym}-${worker.name}`,
      accessLogOf: (type) => this.#accessLogs?.of(type) ?? null,
      spans: this.#spans,
      log: this.#log,
      stateOf: (service) => this.#stateOf(service),
      exceeded: () => this.#exceeded,
      surroundings: { ownPorts: this.#boot.ownPorts },
    })
    this.#descriptors = new DescriptorGuard(this.#dataPlane, this.#boot.descriptors, {
      block,
      log: this.#log,
    })
    this.#stopBeat = startBeat(block, beatPeriodMs(worker.stuckMs))
    this.#port.onMessage((message) => this.#receive(message))
    this.#port.post({ type: 'thread.ready' })
  }

  flushLogs(): void {
    this.#accessLogs?.flushSync()
    this.#leaveRest()
  }

  /** Hands the last spans and the kept failures to main. */
  #leaveRest(): void {
    this.#spans?.batch.flush()
    const records = this.#dataPlane?.failures ?? []
    if (records.length > 0) this.#port.post({ type: 'failures', records })
  }

  giveBack(): void {
    // Spans first: messages queued behind a handle wait for main, which may be busy.
    this.#spans?.batch.flush()
    this.#listeners.giveAllBack()
  }

  async close(): Promise<void> {
    this.#stopBeat()
    this.#listeners.close()
    await this.#dataPlane?.close()
    this.#leaveRest()
    await this.#accessLogs?.close()
    this.#logBounds.close()
    for (const actor of this.#charts.values()) actor.stop()
    this.#reports.flush()
  }

  #startChart(type: string): WorkerActor {
    const machine = workerMachine.provide({
      actions: {
        report: ({ event, context }, { state }) => this.#reports.moved(type, state, event.type, context),
        restrain: () => this.#dataPlane?.setDegraded(true),
        release: () => this.#dataPlane?.setDegraded(false),
        endKeepAlive: () => this.#dataPlane?.drain(),
        cutOff: () => this.#cutOff(),
      },
    })
    const input = {
      maxConnections: this.#boot.maxConnections[type] ?? 0,
      drainTimeoutMs: this.#boot.drainTimeoutMs,
    }
    const actor = createActor(machine, { systemId: workerSystemId, input })
    actor.subscribe({ error: failLoudly, complete: () => this.#endWhenStopped() })
    this.#reports.add(type, actor, machine)
    actor.start()
    return actor
  }

  #admissionOf(type: string): Admission {
    const actor = this.#charts.get(type)
    const block = this.#counters[type]
    if (actor === undefined || block === undefined) throw new TypeError(`no chart for ${type}`)
    return ledgerAdmission(actor, block)
  }

  #workerAdmission(): Admission {
    const { worker } = this.#boot
    const { maxConnectionsPerClient } = worker
    const admission = this.#admissionOf(worker.type)
    const block = this.#counters[worker.type]
    if (maxConnectionsPerClient === null || block === undefined) return admission
    return limitClients(admission, maxConnectionsPerClient, () => count(block, 'connectionsRefused'))
  }

  #receive(message: ToInstance): void {
    switch (message.type) {
      case 'listener.take':
        this.#listeners.take(message.key, message.server, message.held)
        return
      case 'listener.open':
        this.#listeners.openUnix(message.key)
        return
      case 'listener.recall':
        this.#listeners.giveBack(message.key)
        return
      case 'op.drain':
        void this.#drain()
        return
      case 'limit.exceeded':
      case 'limit.recovered':
        this.#exceeded = message.type === 'limit.exceeded' ? message.reasons : []
        for (const [type, actor] of this.#charts) {
          if (actor.getSnapshot().status !== 'active') continue
          this.#reports.sending(type, message)
          actor.send(message)
        }
        return
      case 'limits':
        this.#setLimits(message.maxConnections)
        return
      case 'tls':
        this.#dataPlane?.updateTls(message.at, message.material)
        return
      case 'log.reopen':
        this.#accessLogs?.reopen()
        return
      case 'ask':
        this.#answer(message.id, message.question)
        return
      case 'chart.ask':
        this.#reports.answer(message.ask, message.chart)
        return
      case 'fault':
        faultActions[message.fault](this.#boot.worker.maxMemoryMb)
    }
  }

  #answer(id: number, question: TrafficQuestion): void {
    if (this.#dataPlane !== null)
      this.#port.post({ type: 'answer', id, answer: this.#dataPlane.ask(question) })
  }

  /** State of the chart that admits connections of a service, or of the whole worker for null. */
  #stateOf(service: string | null): string {
    const actor = this.#charts.get(service ?? this.#boot.worker.type)
    return String(actor?.getSnapshot().value ?? '')
  }

  #accept(accepted: Transport | Socket, at: number): void {
    const { worker, tls } = this.#boot
    const listener = worker.listen[at]
    const peer = peerOf(accepted, listener !== undefined && 'path' in listener)
    if (peer === null) {
      const block = this.#counters[worker.type]
      if (block !== undefined) count(block, 'connectionsReset')
      closeAccepted(accepted)
      return
    }
    const isPlain = (tls[at] ?? null) === null
    if (this.#descriptors?.admits(accepted, peer, isPlain)) this.#dataPlane?.accept(accepted, peer, at)
  }

  async #drain(): Promise<void> {
    await this.#listeners.leave()
    for (const actor of this.#charts.values()) actor.send({ type: 'op.drain' })
  }

  /** Closes everything when the drain has timed out. Exchanges that are cut off count as failed. */
  #cutOff(): void {
    const connections = this.#dataPlane?.open ?? 0
    if (!this.#isCut) this.#log('warn', 'the drain timed out; open connections are closed', { connections })
    this.#isCut = true
    void this.#dataPlane?.close()
  }

  /** Closes no connection: a ledger above its new limit refuses until it is below. */
  #setLimits(maxConnections: Readonly<Record<string, number>>): void {
    for (const [type, high] of Object.entries(maxConnections)) {
      const actor = this.#charts.get(type)
      if (actor?.getSnapshot().status !== 'active') continue
      actor.getSnapshot().context.ledger.send({ type: 'limit', high, low: lowWaterMark(high) })
    }
  }

  /** Ends the instance when every chart has stopped: nothing is open, and nothing will be admitted. */
  #endWhenStopped(): void {
    if ([...this.#charts.values()].some((actor) => actor.getSnapshot().status === 'active')) return
    void this.close().finally(this.#exit)
  }
}
