/**
 * Decides whether a request is traced, which trace it belongs to, and what its upstream receives of it. See the table in
 * docs/operations.md.
 *
 *   ignore                   nothing
 *   inject, not believed --> a new trace, with a link to the client's
 *   propagate, extract ----> the client's trace if it is sampled, else a new one by ratio
 *
 * A request that is not sampled and whose fields pass unchanged has no trace object, and costs next to nothing.
 */

import type { ServiceSettings } from '../../config/settings/settings.ts'
import type { ContextMode, TracingRule } from '../../config/settings/tracing.ts'
import { routeName, routesOf } from '../../telemetry/metrics/series-key.ts'
import { type RequestFields, requestField } from '../../telemetry/request-field.ts'
import { contextFields, Propagation } from '../../telemetry/trace/propagation.ts'
import { isIdSampled, ratioBound, type TraceIds } from '../../telemetry/trace/sampling.ts'
import {
  parseTraceparent,
  readTracestate,
  seemsSampled,
  type TraceContext,
} from '../../telemetry/trace/trace-context.ts'
import { type Decision, pathOf } from '../decide/decide.ts'
import { isBelow, normalisePath } from '../decide/target.ts'
import type { SpanOutput } from './span-output.ts'
import { spansOf, type TracedExchange } from './spans.ts'
import { Trace, type TraceStart } from './trace.ts'

/** The parts of an exchange that the decision needs. */
export interface TraceSubject {
  readonly target: string
  readonly isTrusted: boolean
  /** The route as a number, see series-key.ts. */
  readonly route: number
  trace: Trace | null
}

interface Rule {
  readonly mode: ContextMode
  /** 0 if no new trace is sampled. */
  readonly bound: number
}

interface RouteRule extends Rule {
  readonly prefix: string
}

/** Null if a tracer would never do anything: no spans are made and every field passes. */
export function createTracer(
  service: ServiceSettings,
  output: SpanOutput | null,
  ids: () => TraceIds,
): Tracer | null {
  const { context, routes, trustsProxiesOnly } = service.tracing
  const modes = [context, ...routes.map((route) => route.context)]
  if (modes.every((mode) => mode === 'ignore')) return null
  if (output === null && !trustsProxiesOnly && !modes.includes('inject')) return null
  return new Tracer(service, output, ids())
}

export class Tracer {
  readonly #propagation: Propagation
  readonly #rule: Rule
  readonly #routes: readonly RouteRule[] | null
  readonly #isParentBased: boolean
  readonly #trustsAll: boolean
  readonly #output: SpanOutput | null
  readonly #ids: TraceIds
  readonly #routeNames: readonly string[]
  /** False for static files, which send no trace on. */
  readonly #hasUpstreams: boolean

  constructor(service: ServiceSettings, output: SpanOutput | null, ids: TraceIds) {
    const { type, tracing } = service
    const ruleOf = ({ context, sampleRatio }: TracingRule): Rule => ({
      mode: context,
      bound: output === null ? 0 : ratioBound(sampleRatio),
    })
    this.#propagation = new Propagation(tracing.formats)
    this.#rule = ruleOf(tracing)
    const routes = tracing.routes.map((route) => ({ prefix: route.pathPrefix, ...ruleOf(route) }))
    this.#routes = routes.length === 0 ? null : routes
    this.#isParentBased = tracing.parentBased
    this.#trustsAll = !tracing.trustsProxiesOnly
    this.#output = output
    this.#ids = ids
    this.#routeNames = routesOf(service)
    this.#hasUpstreams = type !== 'static'
  }

  /** Gives the exchange its trace, if it has one. Call it when it is known whether the peer is trusted. */
  begin(exchange: TraceSubject, fields: RequestFields, decision: Decision): void {
    const rule = this.#routes === null ? this.#rule : this.#ruleFor(decision, exchange.target, this.#routes)
    if (rule.mode === 'ignore') return
    const isBelieved = this.#trustsAll || exchange.isTrusted
    const start =
      isBelieved && rule.mode !== 'inject'
        ? this.#join(rule, fields)
        : this.#restart(rule, fields, isBelieved)
    if (start === null) return
    const route = routeName(exchange.route, this.#routeNames)
    exchange.trace = new Trace({ ...start, route }, this.#propagation, this.#ids)
  }

  /** Makes the spans of a finished exchange, if the batch has room for them. */
  finish(exchange: TracedExchange, trace: Trace): void {
    const output = this.#output
    if (output === null || !trace.isSampled || !output.batch.admits(1 + trace.attempts.length)) return
    output.batch.add(spansOf(exchange, trace, output.attributes))
  }

  #ruleFor(decision: Decision, target: string, routes: readonly RouteRule[]): Rule {
    const path = pathOf(decision, target)
    // A path without a single meaning belongs to no route.
    const meant = path === null ? null : normalisePath(path)
    if (meant === null) return this.#rule
    return routes.find(({ prefix }) => isBelow(prefix, meant)) ?? this.#rule
  }

  /** Null if not sampled: all fields then pass. */
  #join({ mode, bound }: Rule, fields: RequestFields): Start | null {
    const { isPlain } = this.#propagation
    if (this.#output === null || (bound === 0 && !this.#isParentBased)) return null
    if (isPlain) {
      const value = requestField(fields, 'traceparent')
      const isClientsChoice = value !== undefined && (!this.#isParentBased || seemsSampled(value))
      if (!isClientsChoice) {
        if (bound === 0 || !this.#ids.draw(bound)) return null
        const { drawn } = this.#ids
        // An unsampled context is left alone only if it is valid.
        const isJoined = value !== undefined && parseTraceparent(value) !== null
        return isJoined ? null : this.#root(mode, drawn)
      }
    }
    const came = this.#propagation.read(fields)
    if (came === 'denied') return null
    if (came === null) return bound > 0 && this.#ids.draw(bound) ? this.#root(mode, this.#ids.drawn) : null
    const decided = this.#isParentBased ? came.isSampled : null
    return (decided ?? isIdSampled(came.traceId, bound)) ? this.#joined(mode, came, fields) : null
  }

  #root(mode: ContextMode, traceId: string): Start {
    const isSent = mode === 'propagate'
    const drops = isSent ? this.#propagation.own : null
    return { traceId, isSampled: true, parent: null, link: null, traceState: null, drops, isSent }
  }

  #joined(mode: ContextMode, parent: TraceContext, fields: RequestFields): Start {
    const came = this.#propagation.own.has('tracestate') ? requestField(fields, 'tracestate') : undefined
    const traceState = came !== undefined ? readTracestate(came) : null
    const isSent = mode === 'propagate'
    // A malformed tracestate is not passed on (W3C Trace Context 3.3.1.4).
    const replaced = traceState === null ? this.#propagation.own : this.#propagation.ownButState
    const drops = isSent ? replaced : null
    return { traceId: parent.traceId, isSampled: true, parent, link: null, traceState, drops, isSent }
  }

  #restart({ mode, bound }: Rule, fields: RequestFields, isBelieved: boolean): Start | null {
    const came = this.#propagation.read(fields)
    const link = came === null || came === 'denied' ? null : came
    const isSampled = this.#ids.draw(bound)
    if (!isSampled && !this.#hasUpstreams) return null
    // A client that sent a trace gets one sent on, so that no upstream takes a missing context for the start
    // of a trace.
    const isSent = mode === 'inject' || (mode === 'propagate' && (isSampled || link !== null))
    if (!isSampled && !isSent && !hasContext(fields)) return null
    return {
      traceId: this.#ids.drawn,
      isSampled,
      parent: null,
      link:
        link === null
          ? null
          : { traceId: link.traceId, spanId: link.spanId, isSampled: link.isSampled === true },
      traceState: null,
      drops: isBelieved ? this.#propagation.own : contextFields,
      isSent,
    }
  }
}

type Start = Omit<TraceStart, 'route'>

function hasContext(fields: RequestFields): boolean {
  for (const name of contextFields) if (requestField(fields, name) !== undefined) return true
  return false
}
