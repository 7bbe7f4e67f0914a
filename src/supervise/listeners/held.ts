/** Connections that main holds, unread, until an instance takes them. */

import type { Socket } from 'node:net'
import type { RefusalCode, Refuser } from './refusal.ts'

/** Sockets that main has accepted for an instance that is not there yet: unread, bounded in number and time. */
export interface HoldLimits {
  /** Held sockets beyond this are refused. */
  readonly maxHeld: number
  /** A socket held for longer is refused. */
  readonly maxHeldMs: number
}

export interface HeldOptions {
  readonly limits: HoldLimits
  readonly refuser: Refuser
  /** Clients expect TLS. */
  readonly isSilent: boolean
  /** Why a socket had to wait. */
  readonly reason: () => RefusalCode
  readonly onRefused: (code: RefusalCode) => void
}

export class HeldSockets {
  readonly #options: HeldOptions
  /** Oldest first, with the time by which each must be gone. */
  readonly #sockets = new Map<Socket, number>()
  #timer: NodeJS.Timeout | null = null

  constructor(options: HeldOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#sockets.size
  }

  hold(socket: Socket): void {
    const { maxHeld, maxHeldMs } = this.#options.limits
    if (this.#sockets.size >= maxHeld) {
      this.refuse(socket, 'OVER_LIMIT')
      return
    }
    const forget = () => this.#sockets.delete(socket)
    socket.on('error', forget).once('close', forget)
    this.#sockets.set(socket, performance.now() + maxHeldMs)
    this.#arm()
  }

  /** Returns the held sockets. */
  take(): readonly Socket[] {
    const held = [...this.#sockets.keys()].filter((socket) => !socket.destroyed)
    this.#sockets.clear()
    this.#disarm()
    for (const socket of held) socket.removeAllListeners('close').removeAllListeners('error')
    return held
  }

  refuseAll(code: RefusalCode): void {
    this.#disarm()
    for (const socket of this.#sockets.keys()) this.refuse(socket, code)
  }

  refuse(socket: Socket, code: RefusalCode): void {
    this.#sockets.delete(socket)
    if (socket.destroyed) return
    this.#options.onRefused(code)
    this.#options.refuser.refuse(socket, code, this.#options.isSilent)
  }

  #expire(): void {
    this.#timer = null
    const now = performance.now()
    for (const [socket, dueAt] of this.#sockets) {
      if (dueAt > now) break
      this.refuse(socket, this.#options.reason())
    }
    this.#arm()
  }

  /** One timer, for the oldest. */
  #arm(): void {
    if (this.#timer !== null) return
    const [dueAt] = this.#sockets.values()
    if (dueAt === undefined) return
    this.#timer = setTimeout(() => this.#expire(), Math.max(1, dueAt - performance.now()))
    this.#timer.unref()
  }

  #disarm(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }
}
