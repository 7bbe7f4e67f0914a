/** Sockets that a child process inherits by accident. */

import { closeSync, readdirSync, readlinkSync } from 'node:fs'

/**
 * Closes the sockets that a child process has inherited. A listening socket that Node has moved to another
 * thread is not closed on exec (seen on 26.10), so every later child of main has a copy. When the thread
 * dies, the kernel would go on dealing connections to that copy, which accepts none. Must run first in a
 * child; `keepFd` is its channel to main.
 */
export function closeInheritedSockets(keepFd: number): void {
  for (const name of inherited()) {
    const fd = Number(name)
    if (fd > 2 && fd !== keepFd && isSocket(name)) closeSync(fd)
  }
}

function inherited(): readonly string[] {
  try {
    return readdirSync('/proc/self/fd')
  } catch {
    // Without /proc there is no cheap way to know, and no such platform moves sockets today.
    return []
  }
}

function isSocket(fd: string): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:')
  } catch {
    // It was the descriptor of the listing itself.
    return false
  }
}
