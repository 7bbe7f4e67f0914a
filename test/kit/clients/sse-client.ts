/** A client of server-sent events. */
import { type ClientRequest, get } from 'node:http'
import { until } from '../waiting/until.ts'

export interface Frame {
  readonly id: string | null
  readonly event: string
  // biome-ignore lint/suspicious/noExplicitAny: whatever the stream says
  readonly data: any
}

/** A viewer of a stream of server-sent events. */
export class Viewer implements Disposable {
  readonly frames: Frame[] = []
  readonly #request: ClientRequest
  #rest = ''
  status = 0
  isOver = false

  constructor(port: number, path: string, headers: Readonly<Record<string, string>> = {}) {
    this.#request = get({ host: '127.0.0.1', port, path, headers, agent: false }, (res) => {
      this.status = res.statusCode ?? 0
      res.setEncoding('utf8').on('data', (text: string) => this.#read(text))
      res.on('close', () => {
        this.isOver = true
      })
      res.on('error', () => {})
    })
    this.#request.on('error', () => {
      this.isOver = true
    })
  }

  #read(text: string): void {
    const parts = (this.#rest + text).split('\n\n')
    this.#rest = parts.pop() ?? ''
    for (const part of parts) {
      const line = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(part)?.[1]
      const data = line('data')
      if (data !== undefined)
        this.frames.push({ id: line('id') ?? null, event: line('event') ?? '', data: JSON.parse(data) })
    }
  }

  /** Waits for a frame. */
  async seen(what: string, matches: (frame: Frame) => boolean): Promise<Frame> {
    await until(what, () => this.frames.some(matches))
    return this.frames.find(matches) as Frame
  }

  [Symbol.dispose](): void {
    this.#request.destroy()
  }
}
