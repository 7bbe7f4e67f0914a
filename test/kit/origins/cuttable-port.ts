/** A TCP relay whose connections a test can cut. */
import type { AddressInfo } from 'node:net'
import { connect, createServer, type Socket } from 'node:net'

/** A port in front of another one. While it is cut, open connections end and new ones get no data. */
export interface CutOff extends Disposable {
  readonly port: number
  cut(): void
  mend(): void
}

export async function cutOffFrom(port: number): Promise<CutOff> {
  const open = new Set<Socket>()
  let isCut = false
  const server = createServer((near) => {
    if (isCut) {
      near.destroy()
      return
    }
    const far = connect(port, '127.0.0.1')
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(one)
      one.on('error', () => other.destroy())
      one.on('close', () => {
        open.delete(one)
        other.destroy()
      })
    }
    near.pipe(far).pipe(near)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const end = () => {
    for (const socket of open) socket.destroy()
  }
  return {
    port: (server.address() as AddressInfo).port,
    cut() {
      isCut = true
      end()
    },
    mend() {
      isCut = false
    },
    [Symbol.dispose]() {
      server.close()
      end()
    },
  }
}
