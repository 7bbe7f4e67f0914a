/**
 * Node modules loaded without `import`, which copies every export and so runs getters that load further
 * modules. For node:http those are undici, HTTP/2, TLS, crypto and zlib: 5 MiB per instance.
 */
export const { createServer, ServerResponse, STATUS_CODES } = process.getBuiltinModule('node:http')

/** Loaded by the first call, because few instances need it. */
export const nodeCrypto = (): typeof import('node:crypto') => process.getBuiltinModule('node:crypto')

export const randomBytes = (size: number): Buffer => nodeCrypto().randomBytes(size)

/** Loaded by the first listener with TLS. */
export const nodeTls = (): typeof import('node:tls') => process.getBuiltinModule('node:tls')
