/** Errors of the operating system as Node makes them. */
import { getSystemErrorName } from 'node:util'

export const systemError = (errno: number, syscall: string): Error => errorOf(errno, syscall, '')

/** A failed connection attempt. */
export const connectError = (errno: number, address: string, port: number): Error =>
  Object.assign(errorOf(errno, 'connect', ` ${address}:${port}`), { address, port })

function errorOf(errno: number, syscall: string, where: string): Error {
  const code = getSystemErrorName(errno)
  return Object.assign(new Error(`${syscall} ${code}${where}`), { code, errno, syscall })
}
