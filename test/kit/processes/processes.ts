/** Reads processes of this machine from /proc. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

const textOf = (file: string) => {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    return ''
  }
}

/** False for a zombie as well. */
export function isAlive(pid: number): boolean {
  const stat = textOf(`/proc/${pid}/stat`)
  return stat !== '' && stat.charAt(stat.lastIndexOf(')') + 2) !== 'Z'
}

export const childrenOf = (pid: number): readonly number[] =>
  textOf(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number)

/** A process and all its descendants. */
export const treeOf = (pid: number): readonly number[] => [pid, ...childrenOf(pid).flatMap(treeOf)]

export const commandLineOf = (pid: number): string => textOf(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')

/** The environment with which the process started. */
export const environmentOf = (pid: number): string => textOf(`/proc/${pid}/environ`).replaceAll('\0', '\n')

/** Addresses of /proc/net/tcp that a process listens on, in hexadecimal: `0100007F:240D`. */
export function listeningOf(pid: number): readonly string[] {
  const inodes = new Set<string>()
  for (const fd of readdirSync(`/proc/${pid}/fd`)) {
    try {
      const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1]
      if (inode !== undefined) inodes.add(inode)
    } catch {
      // The descriptor was closed meanwhile.
    }
  }
  return ['tcp', 'tcp6'].flatMap((table) =>
    textOf(`/proc/${pid}/net/${table}`)
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , , state, , , , , , inode]) => state === '0A' && inodes.has(inode ?? ''))
      .map(([, address]) => address ?? ''),
  )
}
