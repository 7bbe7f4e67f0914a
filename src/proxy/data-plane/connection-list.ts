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
import type { Running } from '../exchange/running.ts'

export interface Watched {
  readonly connections: ReadonlySet<Connection>
  readonly running: Running<Exchange>
}

/** Answers with the oldest connections first, since those are the ones an operator looks for. */
export function askConnections(
  question: Extract<TrafficQuestion, { kind: 'connections' | 'close' }>,
  { connections, running }: Watched,
): TrafficAnswer {
  if (question.kind === 'close') return { kind: 'close', isClosed: close(connections, question.connection) }
  const exchanges = new Map<Connection, TakenOver>()
  for (const exchange of running.all) if (!exchange.isFinished) exchanges.set(exchange.connection, exchange)
  const views: ConnectionView[] = []
  for (const connection of connections) {
    if (views.length >= question.limit) break
    views.push(viewOf(connection, exchanges.get(connection) ?? connection.tunnel))
  }
  return { kind: 'connections', connections: views, open: connections.size }
}

function viewOf(connection: Connection, exchange: TakenOver | null): ConnectionView {
  const { id, peer, scheme, socket, session, openedAt, service } = connection
  return {
    id,
    peer,
    scheme,
    ageMs: Math.round(performance.now() - openedAt),
    received: socket.bytesRead,
    sent: socket.bytesWritten,
    state: stateOf(connection),
    running: session?.running ?? connection.running,
    service: exchange?.service ?? service,
    method: exchange?.method ?? null,
    target: exchange === null ? null : exchange.target.slice(0, maxTargetLength),
    upstream: exchange?.upstream ?? null,
    user: exchange?.user ?? null,
  }
}

function stateOf({ session, tunnel, running, isHttp }: Connection): ConnectionState {
  if (session !== null) return 'h2'
  if (tunnel !== null) return 'tunnel'
  if (running > 0) return 'exchange'
  return isHttp ? 'idle' : 'handshake'
}

/** The running exchanges are cut off and logged as closed by an operator. */
function close(connections: ReadonlySet<Connection>, id: number): boolean {
  for (const connection of connections) {
    if (connection.id !== id) continue
    connection.isClosedByHand = true
    connection.socket.destroy()
    return true
  }
  return false
}
