import { createHash, randomBytes } from 'node:crypto'
import type { TlsSettings, WorkerSettings } from '../config/settings.ts'
import { BifrostError } from '../errors.ts'
import type { Log } from '../telemetry/log.ts'
import { readAuthorities, readPair } from '../tls/certificate.ts'
import type { TlsMaterial } from '../tls/material.ts'

/**
 * Certificates and keys of every listener with TLS. Main reads and judges them and hands them to instances, so that all of
 * them have the same, and a broken file reaches nobody.
 */
export class Certificates {
  readonly #log: Log
  /** By worker, in the order of its listeners; null for those without TLS. */
  readonly #materials = new Map<string, readonly (TlsMaterial | null)[]>()

  /** Reads every file. Throws CONFIG_INVALID with the file and what is wrong with it. */
  constructor(workers: readonly WorkerSettings[], log: Log) {
    this.#log = log
    for (const { name, listen } of workers) {
      const materials = listen.map(({ tls }, at) =>
        tls === undefined ? null : this.#read(tls, `${name}/${at}`),
      )
      this.#materials.set(name, materials)
    }
  }

  of(worker: string): readonly (TlsMaterial | null)[] {
    return this.#materials.get(worker) ?? []
  }

  #read(tls: TlsSettings, listener: string): TlsMaterial {
    const certificates = tls.certificates.map(({ certFile, keyFile, names }) => {
      const read = readPair(certFile, keyFile, names)
      if ('fault' in read) throw new BifrostError('CONFIG_INVALID', `${certFile}: ${read.fault.message}`)
      if (read.pair.warning !== undefined) this.#log('warn', read.pair.warning)
      return { cert: read.pair.cert, key: read.pair.key, names: read.pair.names }
    })
    const ca = tls.clients === null ? null : readAuthorities(tls.clients.caFile)
    if (ca !== null && 'fault' in ca) throw new BifrostError('CONFIG_INVALID', ca.fault)
    return {
      certificates,
      clientCa: ca?.pem ?? null,
      ticketKeys: randomBytes(48),
      // OpenSSL takes 32 bytes at most.
      sessionIdContext: createHash('sha256').update(listener).digest('hex').slice(0, 32),
    }
  }
}
