/** Keeps two daemons from binding the same port at the same moment. */

import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * A turn takes a millisecond or two. A process that has the name for longer is not a Bifrost daemon and must
 * not stop a start.
 */
const defaultPatienceMs = 1_000
const retryMs = 5

/**
 * Runs `act` while no other daemon on this machine does so for `port`. Between the bind that finds an address
 * free and the one that keeps it, a second daemon would find it free as well, and both would serve it. The
 * turn is a name in Linux's abstract namespace, which is freed with its owner; other systems have no turns.
 */
export async function inTurn<Result>(
  port: number,
  act: () => Promise<Result>,
  patienceMs = defaultPatienceMs,
): Promise<Result> {
  const turn = port === 0 || process.platform !== 'linux' ? null : await takeTurn(port, patienceMs)
  try {
    return await act()
  } finally {
    turn?.close()
  }
}

async function takeTurn(port: number, patienceMs: number): Promise<Server | null> {
  const until = performance.now() + patienceMs
  do {
    const server = createServer()
    try {
      await once(server.listen(`\0bifrost-bridge-bind-${port}`), 'listening')
      return server
    } catch {
      await sleep(retryMs)
    }
  } while (performance.now() < until)
  return null
}
