/** The listening sockets of an instance. */
import type { Server, Socket } from 'node:net'
import { listenerAt } from '../../actors/ids.ts'
import { acceptFrom } from '../http/accept/listening.ts'
import { UnixListener } from '../http/accept/unix-listener.ts'
import type { Transport } from '../http/transport/transport.ts'
import type { InstanceBoot, InstancePort } from '../supervise/channel/channel.ts'
import { failLoudly } from './faults.ts'

/**
 * The listening sockets of an instance: taken from main and returned to it or, if they cannot be moved (Unix
 * sockets), opened here.
 */
export class WorkerListeners {
  readonly #settings: InstanceBoot['worker']['listen']
  readonly #port: InstancePort
  readonly #accept: (accepted: Transport | Socket, at: number) => void
  readonly #servers = new Map<string, { readonly server: Server; readonly release: () => void }>()
  readonly #unix = new Map<string, UnixListener>()
  #isLeaving = false

  constructor(
    settings: InstanceBoot['worker']['listen'],
    port: InstancePort,
    accept: (accepted: Transport | Socket, at: number) => void,
  ) {
    this.#settings = settings
    this.#port = port
    this.#accept = accept
  }

  /** Accepts connections in this instance from now on, without main. */
  take(key: string, server: Server, held: readonly Socket[]): void {
    const at = listenerAt(key)
    const accept = (accepted: Transport | Socket) => this.#accept(accepted, at)
    const release = acceptFrom(server, this.#isPlain(at), accept)
    this.#servers.set(key, { server, release })
    server.on('error', (error) => this.#logFailure(error))
    for (const socket of held) accept(socket)
  }

  giveBack(key: string): void {
    // Another instance owns the path now.
    const unix = this.#unix.get(key)
    if (unix !== undefined && this.#unix.delete(key)) void unix.leave()
    const taken = this.#servers.get(key)
    if (taken === undefined || !this.#servers.delete(key)) return
    const { server, release } = taken
    release()
    // The event listeners stay: connections accepted until the server has left are served here.
    this.#port.post({ type: 'listener.returned', key, server }, [server])
  }

  giveAllBack(): void {
    for (const key of [...this.#servers.keys()]) this.giveBack(key)
  }

  /** Opens a Unix socket at the path, in place of the current owner's. */
  openUnix(key: string): void {
    const at = listenerAt(key)
    const settings = this.#settings[at]
    if (settings === undefined || !('path' in settings)) return
    const start = (server: Server) => {
      acceptFrom(server, this.#isPlain(at), (accepted) => this.#accept(accepted, at))
      server.on('error', (error) => this.#logFailure(error))
    }
    UnixListener.open(settings.path, settings.mode, start).then((listener) => {
      if (this.#isLeaving) listener.close()
      else this.#unix.set(key, listener)
      this.#port.post({ type: 'listener.opened', key, inode: listener.inode })
    }, failLoudly)
  }

  /** Stops accepting; connections waiting at a Unix socket are accepted first. */
  async leave(): Promise<void> {
    this.#closeServers()
    if (this.#unix.size > 0) await Promise.all([...this.#unix.values()].map((listener) => listener.leave()))
  }

  close(): void {
    this.#closeServers()
    for (const listener of this.#unix.values()) listener.close()
  }

  #closeServers(): void {
    this.#isLeaving = true
    for (const { server } of this.#servers.values()) server.close()
    this.#servers.clear()
  }

  /** Whether a connection begins with HTTP. */
  #isPlain(at: number): boolean {
    const settings = this.#settings[at]
    return settings !== undefined && settings.tls === undefined && settings.proxyProtocol === undefined
  }

  #logFailure(error: Error): void {
    const fields = { error: error.message }
    this.#port.post({ type: 'log', level: 'error', message: 'accept failed', fields })
  }
}
