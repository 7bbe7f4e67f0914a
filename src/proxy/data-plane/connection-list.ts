/** Lists the open connections of an instance for a viewer, and closes one. */
import type {
  ConnectionState,
  ConnectionView,
  TrafficAnswer,
  TrafficQuestion,
} from '../../telemetry/traffic-record.ts'
import { maxTargetLength } from '../../telemetry/traffic-record.ts'
import type { Connection, TakenOver } from '../exchange/connection.ts'
import type { Exchange } from '../exchange/exchange.ts'
import type { PlacedList } from '../exchange/placed-list.ts'

export interface Watched {
  readonly connections: PlacedList<Connection>
  readonly running: PlacedList<Exchange>
}

/** Answers with the oldest connections first, since those are the ones an operator looks for. */
export function askConnections(
  question: Extract<TrafficQuestion, { kind: 'connections' | 'close' }>,
  { connections, running }: Watched,
): TrafficAnswer {
  if (question.kind === 'close')
    return { kind: 'close', isClosed: close(connections.all, question.connection) }
  const exchanges = new Map<Connection, TakenOver>()
  for (const exchange of running.all) if (!exchange.isFinished) exchanges.set(exchange.connection, exchange)
  const views: ConnectionView[] = []
  for (const connection of [...connections.all].sort((one, other) => one.id - other.id)) {
    if (views.length >= question.limit) break
    views.push(viewOf(connection, exchanges.get(connection) ?? connection.tunnel))
  }
  return { kind: 'connections', connections: views, open: connections.all.length }
}

function viewOf(connection: Connection, exchange: TakenOver | null): ConnectionView {
  const { id, peer, scheme, transport, session, openedAt, service } = connection
  return {
    id,
    peer,
    scheme,
    ageMs: Math.round(performance.now() - openedAt),
    received: transport.bytesRead,
    sent: transport.bytesWritten,
    state: stateOf(connection),
    running: session?.running ?? connection.running,
    service: exchange?.service ?? service,
    method: exchange?.method ?? null,
    target: exchange === null ? null : exchange.target.slice(0, maxTargetLength),
    upstream: exchange?.upstream ?? null,
    user: exchange?.user ?? null,
  }
}

function stateOf({ session, tunnel, running, http }: Connection): ConnectionState {
  if (session !== null) return 'h2'
  if (tunnel !== null) return 'tunnel'
  if (running > 0) return 'exchange'
  return http !== null ? 'idle' : 'handshake'
}

/** The running exchanges are cut off and logged as closed by an operator. */
function close(connections: readonly Connection[], id: number): boolean {
  for (const connection of connections) {
    if (connection.id !== id) continue
    connection.isClosedByHand = true
    connection.transport.close()
    return true
  }
  return false
}
