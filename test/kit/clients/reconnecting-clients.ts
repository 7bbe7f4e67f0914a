/** Clients that reconnect for each request. */
import { connect } from 'node:net'

export interface ReconnectResult {
  served: number
  refused: number
  reset: number
  unanswered: number
  /** Answers with a status of 503. */
  busy: number
  /** Longest time from connect to answer. */
  maxMs: number
}

/**
 * Runs clients that connect, send one request, read the answer and reconnect without pause until `meanwhile`
 * is over. Each connection is judged by what its client saw.
 */
export async function keepReconnecting(
  port: number,
  clients: number,
  meanwhile: (result: Readonly<ReconnectResult>) => Promise<unknown>,
): Promise<ReconnectResult> {
  const result: ReconnectResult = { served: 0, refused: 0, reset: 0, unanswered: 0, busy: 0, maxMs: 0 }
  let isOver = false
  const loop = async () => {
    while (!isOver) await once(port, result)
  }
  const loops = Array.from({ length: clients }, loop)
  try {
    await meanwhile(result)
  } finally {
    isOver = true
    await Promise.all(loops)
  }
  return result
}

function once(port: number, result: ReconnectResult): Promise<void> {
  return new Promise((resolve) => {
    const startedAt = performance.now()
    const socket = connect({ port, host: '127.0.0.1' })
    let answer = ''
    let isRefused = false
    socket.setTimeout(10_000, () => socket.destroy())
    socket.on('connect', () =>
      socket.write('GET / HTTP/1.1\r\nHost: reconnect.test\r\nConnection: close\r\n\r\n'),
    )
    socket.on('data', (piece) => {
      answer += piece.toString('latin1')
    })
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') isRefused = true
      else if (answer === '') result.reset += 1
      if (isRefused) result.refused += 1
    })
    socket.on('close', (hadError) => {
      result.maxMs = Math.max(result.maxMs, performance.now() - startedAt)
      if (answer.startsWith('HTTP/1.1 200')) result.served += 1
      else if (answer.startsWith('HTTP/1.1 503')) result.busy += 1
      else if (!hadError) result.unanswered += 1
      resolve()
    })
  })
}
