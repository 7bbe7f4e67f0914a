/** Node modules loaded when they are first needed: each costs memory and start time in every instance. */

/** Loaded by the first call, because few instances need it. */
export const nodeCrypto = (): typeof import('node:crypto') => process.getBuiltinModule('node:crypto')

export const randomBytes = (size: number): Buffer => nodeCrypto().randomBytes(size)

/** Loaded by the first listener with TLS. */
export const nodeTls = (): typeof import('node:tls') => process.getBuiltinModule('node:tls')
