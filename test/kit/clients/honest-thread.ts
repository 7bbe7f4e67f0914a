/**
 * The thread of honest clients. Every request has a time at which it is due, whether or not the one before was
 * answered, so that a stall counts for all requests within it. Time in which this thread waited for a CPU is
 * subtracted.
 */
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { parentPort, workerData } from 'node:worker_threads'
import { ownNow } from '../processes/cpu-wait.ts'
import type { HonestPlan, HonestResult } from './honest-clients.ts'

const keepMs = 20
const openMs = 50
/** An answer that takes longer has failed; then the clients stop. */
const giveUpMs = 8_000

const { plan, forMs } = workerData as { readonly plan: HonestPlan; readonly forMs: number }
const startedAt = ownNow()
const failures = new Set<string>()
const isOver = (dueAt: number) => dueAt >= startedAt + forMs || failures.size > 0

interface Place {
  readonly port: number
  readonly isTls: boolean
  readonly target: string
  readonly body: string
}

const server: Place = plan
const control: Place = { port: plan.controlPort, isTls: false, target: '/', body: 'hello' }

const open = ({ port, isTls }: Place): Socket => {
  const below = connect({ port, host: '127.0.0.1', noDelay: true })
  return isTls ? connectTls({ socket: below, rejectUnauthorized: false }) : below
}

/** Sends one request and resolves with whether the connection is kept; reports a wrong answer. */
function ask(socket: Socket, place: Place, isLast: boolean): Promise<boolean> {
  return new Promise((resolve) => {
    let text = ''
    const finish = (fault: string | null, isKept: boolean) => {
      clearTimeout(timer)
      socket.off('data', read)
      socket.off('close', cut)
      if (fault !== null) failures.add(fault)
      resolve(isKept)
    }
    const cut = () => finish(`closed after ${JSON.stringify(text.slice(0, 80))}`, false)
    const read = (piece: Buffer) => {
      text += piece.toString('latin1')
      const at = text.indexOf('\r\n\r\n')
      if (at === -1) return
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(text.slice(0, at))?.[1])
      if (text.length < at + 4 + length) return
      const isRight = text.startsWith('HTTP/1.1 200 ') && text.slice(at + 4) === place.body
      const isKept = !isLast && !/\r\nconnection: close/i.test(text.slice(0, at))
      finish(isRight ? null : `wrong answer ${JSON.stringify(text.slice(0, 80))}`, isKept)
    }
    const timer = setTimeout(() => finish('no answer', false), giveUpMs)
    socket.on('data', read)
    socket.on('close', cut)
    const ending = isLast ? 'Connection: close\r\n' : ''
    socket.write(`GET ${place.target} HTTP/1.1\r\nHost: honest.test\r\n${ending}\r\n`)
  })
}

const until = async (time: number) => {
  const left = time - ownNow()
  if (left > 0) await new Promise((resolve) => setTimeout(resolve, left))
}

const opened = (place: Place): Socket => {
  const socket = open(place)
  socket.on('error', () => {})
  return socket
}

/** One request every `keepMs` on a kept connection; a new one if the server has ended it in due form. */
async function keep(place: Place): Promise<readonly number[]> {
  const times: number[] = []
  let socket: Socket | null = null
  for (let dueAt = ownNow(); !isOver(dueAt); dueAt += keepMs) {
    await until(dueAt)
    socket ??= opened(place)
    const isKept = await ask(socket, place, false)
    times.push(ownNow() - dueAt)
    if (isKept) continue
    socket.destroy()
    socket = null
  }
  socket?.destroy()
  return times
}

/** A connection every `openMs` with one request each, however many are still open. */
async function reopen(place: Place): Promise<readonly number[]> {
  const running: Promise<number>[] = []
  const one = async (dueAt: number) => {
    const socket = opened(place)
    await ask(socket, place, true)
    socket.destroy()
    return ownNow() - dueAt
  }
  for (let dueAt = ownNow(); !isOver(dueAt); dueAt += openMs) {
    await until(dueAt)
    running.push(one(dueAt))
  }
  return await Promise.all(running)
}

const [kept, moreKept, openedTimes, controlTimes] = await Promise.all([
  keep(server),
  keep(server),
  reopen(server),
  keep(control),
])
parentPort?.postMessage({
  kept: [...kept, ...moreKept],
  opened: openedTimes,
  control: controlTimes,
  failures: [...failures],
} satisfies HonestResult)
