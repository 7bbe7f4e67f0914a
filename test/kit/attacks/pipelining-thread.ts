/** The thread of pipelining attackers: writes requests and checks the answers. */
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { parentPort, workerData } from 'node:worker_threads'
import type { PipelinedRequest, PipeliningPlan, PipeliningResult } from './pipelining.ts'

const plan = workerData as PipeliningPlan
const { requests, times, reads } = plan
const burst = Buffer.from(requests.map(({ bytes }) => bytes).join(''), 'latin1')
const bursts = Buffer.concat(new Array<Buffer>(times).fill(burst))
const result = { connected: 0, answered: 0, wrong: [] as string[], cut: 0, written: 0 }
let isOver = false

/** Reads answers of one connection, in the order of the requests. */
class Answers {
  #text = ''
  /** Answers read so far. */
  count = 0

  /** Takes bytes; returns the number of whole answers in them. */
  take(piece: Buffer): number {
    this.#text += piece.toString('latin1')
    const before = this.count
    let at = 0
    for (;;) {
      const end = this.#next(at)
      if (end === -1) break
      at = end
    }
    this.#text = this.#text.slice(at)
    return this.count - before
  }

  /** Checks the answer that starts at `from`; returns its end, or -1 if it is incomplete. */
  #next(from: number): number {
    const headEnd = this.#text.indexOf('\r\n\r\n', from)
    if (headEnd === -1) return -1
    const wanted = requests[this.count % requests.length] as PipelinedRequest
    const head = this.#text.slice(from, headEnd)
    const bodyAt = headEnd + 4
    const length = wanted.isHead ? 0 : Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? Number.NaN)
    if (Number.isNaN(length)) {
      this.#wrong(`no length in ${head}`)
      return this.#text.length
    }
    if (this.#text.length < bodyAt + length) return -1
    const body = this.#text.slice(bodyAt, bodyAt + length)
    const isRight =
      head.startsWith(`HTTP/1.1 ${wanted.status} `) && (wanted.body === null || body === wanted.body)
    if (!isRight) this.#wrong(`answer ${this.count}: ${head.split('\r\n')[0]} ${body.slice(0, 100)}`)
    this.count += 1
    return bodyAt + length
  }

  #wrong(what: string): void {
    if (result.wrong.length < 5) result.wrong.push(what)
  }
}

const open = (): Socket => {
  const below = connect({ port: plan.port, host: '127.0.0.1', noDelay: true })
  if (!plan.isTls) return below
  return connectTls({ socket: below, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] })
}

/** Writes one burst after another on one connection, each after the one before was answered. */
function attack(onConnected: () => void): void {
  const socket = open()
  const answers = new Answers()
  let due = 0
  const send = () => {
    due += requests.length * times
    result.written += bursts.length
    socket.write(bursts)
  }
  socket.once(plan.isTls ? 'secureConnect' : 'connect', () => {
    result.connected += 1
    send()
    onConnected()
  })
  socket.on('error', () => {})
  socket.on('close', () => {
    if (isOver) return
    // A connection that ended within its handshake must not hold up the start.
    onConnected()
    if (plan.endsAfterFirst && answers.count === 1) attack(() => {})
    else result.cut += 1
  })
  if (reads === 'all') {
    socket.on('data', (piece: Buffer) => {
      result.answered += answers.take(piece)
      if (answers.count === due && !isOver && !plan.endsAfterFirst) send()
    })
  } else if (reads === 'slowly') {
    socket.on('readable', () => {})
    const timer = setInterval(() => socket.read(1024), 50)
    socket.once('close', () => clearInterval(timer))
  } else socket.pause()
}

const all = Array.from({ length: plan.connections }, () => new Promise<void>((resolve) => attack(resolve)))
void Promise.all(all).then(() => parentPort?.postMessage('connected'))
parentPort?.once('message', () => {
  isOver = true
  parentPort?.postMessage(result satisfies PipeliningResult)
})
