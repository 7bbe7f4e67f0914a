/** A test daemon that serves several TLS sites. */
import { tempDir } from '../files/temp-dir.ts'
import { makeCertificate, writeCertificate } from '../tls/certificates.ts'
import { startTestDaemon, type TestDaemon, type TestDaemonOptions } from './daemon.ts'

export interface TlsDaemon {
  readonly proxy: TestDaemon
  readonly port: number
  /** Directory of its certificates. */
  readonly directory: string
  [Symbol.asyncDispose](): Promise<void>
}

/** Writes files for three sites: `default.test`, `a.test` with `www.a.test`, and `*.wild.test`. */
function writeSites(directory: string): readonly { readonly cert: string; readonly key: string }[] {
  const site = (file: string, subject: string, names: readonly string[]) =>
    writeCertificate(directory, file, makeCertificate({ subject, names }))
  return [
    site('default', 'default.test', ['default.test']),
    site('a', 'a.test', ['a.test', 'www.a.test']),
    site('wild', '*.wild.test', ['*.wild.test']),
  ]
}

/** Starts a reverse proxy whose only listener speaks TLS. */
export async function startTlsDaemon(
  target: string,
  options: TestDaemonOptions & {
    readonly tls?: object
    readonly worker?: object
    readonly listener?: object
    readonly admin?: object
  } = {},
): Promise<TlsDaemon> {
  const { tls = {}, worker = {}, listener = {}, admin, ...rest } = options
  const directory = tempDir()
  const certificates = writeSites(directory)
  const config = {
    mode: 'Reverse',
    ...(admin === undefined ? {} : { admin }),
    workers: {
      reverse_proxy: {
        target,
        listeners: [{ address: '127.0.0.1:0', tls: { certificates, ...tls }, ...listener }],
        ...worker,
      },
    },
  }
  const proxy = await startTestDaemon(config, { baseDir: directory, ...rest })
  return {
    proxy,
    port: proxy.port('reverse_proxy'),
    directory,
    [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose](),
  }
}
