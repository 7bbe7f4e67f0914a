/** Certificates, keys and session-ticket keys of the workers' TLS listeners. */

import { createHash, randomBytes } from 'node:crypto'
import type { TlsSettings, WorkerSettings } from '../../config/settings/settings.ts'
import { BifrostError } from '../../errors.ts'
import type { Log } from '../../telemetry/log/log.ts'
import { readAuthorities } from '../../tls/certificate.ts'
import type { TlsMaterial } from '../../tls/material.ts'
import { FileWatch, type WatchTimes } from '../../tls/watch-files.ts'
import { loadAnew, readCertificate, watchTimes } from './certificate-files.ts'

/** Told when instances of a worker have to be given new material. */
export type OnMaterial = (worker: string, at: number, material: TlsMaterial) => void

/** A stolen ticket key decrypts the sessions of its time, so it is used for a day at most. */
const ticketKeysMs = 24 * 3600 * 1000

/**
 * Certificates and keys of all TLS listeners. Main reads and checks them and hands them to instances, so that
 * all instances have the same ones and a broken file reaches none.
 */
export class Certificates {
  readonly #log: Log
  readonly #onMaterial: OnMaterial
  readonly #listeners: readonly Listener[]
  readonly #watches: readonly FileWatch[]
  readonly #rotation: NodeJS.Timeout | undefined

  /** Reads every file and watches it from then on. Throws CONFIG_INVALID with the file and its problem. */
  constructor(
    workers: readonly WorkerSettings[],
    log: Log,
    onMaterial: OnMaterial,
    times: WatchTimes = watchTimes,
  ) {
    this.#log = log
    this.#onMaterial = onMaterial
    this.#listeners = workers.flatMap(({ name, listen }) =>
      listen.flatMap(({ tls }, at) => (tls === undefined ? [] : [this.#open(name, at, tls)])),
    )
    this.#watches = this.#listeners.map(
      (listener) => new FileWatch(filesOf(listener.tls), () => this.#reload(listener), times),
    )
    if (this.#listeners.length > 0) this.#rotation = setInterval(() => this.#rotate(), ticketKeysMs).unref()
  }

  /** For a new instance: in the order of its listeners; null for those without TLS. */
  of({ name, listen }: WorkerSettings): readonly (TlsMaterial | null)[] {
    return listen.map(
      (_, at) => this.#listeners.find((one) => one.worker === name && one.at === at)?.material ?? null,
    )
  }

  close(): void {
    clearInterval(this.#rotation)
    for (const watch of this.#watches) watch.close()
  }

  #open(worker: string, at: number, tls: TlsSettings): Listener {
    const files = this.#read(tls)
    // OpenSSL takes 32 bytes at most.
    const sessionIdContext = createHash('sha256').update(`${worker}/${at}`).digest('hex').slice(0, 32)
    return { worker, at, tls, material: { ...files, ticketKeys: randomBytes(48), sessionIdContext } }
  }

  #reload(listener: Listener): void {
    const { worker, at, tls, material } = listener
    loadAnew(this.#log, { worker, listener: at }, () => {
      const files = this.#read(tls)
      // A session of a client that other authorities have vouched for must not be resumed.
      const isSameCa = files.clientCa === material.clientCa
      const ticketKeys = isSameCa ? material.ticketKeys : randomBytes(48)
      this.#give(listener, { ...material, ...files, ticketKeys })
    })
  }

  #rotate(): void {
    for (const listener of this.#listeners)
      this.#give(listener, { ...listener.material, ticketKeys: randomBytes(48) })
  }

  #give(listener: Listener, material: TlsMaterial): void {
    listener.material = material
    this.#onMaterial(listener.worker, listener.at, material)
  }

  #read(tls: TlsSettings): Pick<TlsMaterial, 'certificates' | 'clientCa'> {
    const certificates = tls.certificates.map((files) => {
      const { cert, key, names } = readCertificate(files, files.names, this.#log)
      return { cert, key, names }
    })
    const ca = tls.clients === null ? null : readAuthorities(tls.clients.caFile)
    if (ca !== null && 'fault' in ca) throw new BifrostError('CONFIG_INVALID', ca.fault)
    return { certificates, clientCa: ca?.pem ?? null }
  }
}

interface Listener {
  readonly worker: string
  readonly at: number
  readonly tls: TlsSettings
  material: TlsMaterial
}

function filesOf({ certificates, clients }: TlsSettings): readonly string[] {
  const own = certificates.flatMap(({ certFile, keyFile }) => [certFile, keyFile])
  return clients === null ? own : [...own, clients.caFile]
}
