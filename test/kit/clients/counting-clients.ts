/** Clients that send random requests and count them. */
import type { Random } from '../../fuzz/random.ts'
import { RawClient } from './raw-client.ts'

/** Totals of what clients sent and received: requests, and bytes of bodies and tunnels. */
export class ClientTotals {
  readonly requests = new Map<string, number>()
  received = 0
  sent = 0
  tunnelUp = 0
  tunnelDown = 0
  tunnels = 0

  count(method: string, status: number): void {
    const key = `${method} ${status}`
    this.requests.set(key, (this.requests.get(key) ?? 0) + 1)
  }

  get total(): number {
    return [...this.requests.values()].reduce((sum, one) => sum + one, 0)
  }
}

export interface Step {
  readonly random: Random
  readonly totals: ClientTotals
  readonly port: number
  /** Prefix of the request path: '' or `http://authority`. */
  readonly base: string
}

/** Sends a random request for `/STATUS/BYTES`, which selects the origin's answer. */
export async function ask(step: Step, client: RawClient): Promise<void> {
  const { random, totals, base } = step
  const method = random.pick(['GET', 'HEAD', 'POST', 'PUT', 'DELETE'])
  const status = random.pick([200, 201, 404, 418, 500, 503])
  const bytes = random.pick([0, 1, 700, 20_000, 150_000])
  const target = `${base}/${status}/${bytes}`
  const upload = method === 'POST' || method === 'PUT' ? random.below(40_000) : 0
  if (upload === 0) client.head(`${method} ${target} HTTP/1.1`, 'Host: client.test')
  else if (random.chance(0.5)) {
    client.head(`${method} ${target} HTTP/1.1`, 'Host: client.test', `Content-Length: ${upload}`)
    client.send('u'.repeat(upload))
  } else {
    client.head(`${method} ${target} HTTP/1.1`, 'Host: client.test', 'Transfer-Encoding: chunked')
    client.send(`${upload.toString(16)}\r\n${'u'.repeat(upload)}\r\n0\r\n\r\n`)
  }
  const answer = await client.response(method)
  totals.count(method, answer.status)
  totals.received += upload
  totals.sent += answer.body.length
}

/** Opens a tunnel to an origin that returns twice the bytes it receives. */
export async function tunnel({ random, totals, port }: Step, authority: string): Promise<void> {
  using client = await RawClient.connect(port)
  client.head(`CONNECT ${authority} HTTP/1.1`, `Host: ${authority}`)
  totals.count('CONNECT', (await client.responseHead()).status)
  totals.tunnels += 1
  for (let n = random.below(4); n >= 0; n -= 1) {
    const bytes = 1 + random.below(30_000)
    client.send('t'.repeat(bytes))
    await client.bytes(2 * bytes)
    totals.tunnelUp += bytes
    totals.tunnelDown += 2 * bytes
  }
  client.end()
  await client.ended()
}

/** Sends bytes that are not a request. */
export async function sendNonRequest({ totals, port }: Step): Promise<void> {
  using client = await RawClient.connect(port)
  client.send('no request\r\n\r\n')
  const answer = await client.response()
  totals.count('_OTHER', answer.status)
  totals.sent += answer.body.length
}
