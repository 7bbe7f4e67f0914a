/** Rules for `tls` of listeners, and for the files that it names. */
import { resolve } from 'node:path'
import { createSecureContext } from 'node:tls'
import { readAuthorities, readPair } from '../../tls/certificate.ts'
import type { Sound } from '../schema/check.ts'
import type { ConfigInput } from '../schema/schema.ts'
import { formatPath, type Path } from '../text/problem.ts'
import type { RuleContext, WorkerBlock } from './context.ts'

type TlsBlock = Sound<NonNullable<ConfigInput['tls']>>
type ListenerBlock = Sound<NonNullable<ConfigInput['listeners']>[number]>

/** Checks TLS of every listener that runs: files exist, keys match certificates, certificates match their names. */
export function checkTls(
  context: RuleContext,
  workers: readonly WorkerBlock[],
  shared: readonly WorkerBlock[],
): void {
  const { config, isWritten, report } = context
  checkBlock(context, ['tls'], config.tls)
  checkListeners(context, ['listeners'], config.listeners)
  for (const { path, block } of workers) {
    checkBlock(context, [...path, 'tls'], block.tls)
    checkListeners(context, [...path, 'listeners'], block.listeners)
  }
  if (isWritten(['tls']) && shared.length === 0)
    report(
      ['tls'],
      'is for the top-level listen_addr and listeners, which no worker uses; move it into a worker',
    )
  if (shared.length < 2) return
  for (const { path } of shared) {
    if (isWritten([...path, 'tls']))
      report(
        [...path, 'tls'],
        'has no effect: this worker shares the top-level listeners; move tls to the top level',
      )
  }
}

function checkListeners(
  context: RuleContext,
  path: Path,
  listeners: readonly (ListenerBlock | undefined)[] | undefined,
): void {
  for (const [index, listener] of (listeners ?? []).entries()) {
    if (listener === undefined) continue
    const here = [...path, index]
    if (listener.mode !== undefined && listener.address?.startsWith('unix:') === false)
      context.report([...here, 'mode'], 'is for Unix sockets only; remove it')
    checkBlock(context, [...here, 'tls'], listener.tls)
  }
}

function checkBlock(context: RuleContext, path: Path, tls: TlsBlock | undefined): void {
  if (tls === undefined || tls.enabled === false) return
  const { report, isWritten } = context
  if (!isWritten([...path, 'certificates'])) {
    const right = '"certificates": [{ "cert": "site.pem", "key": "site.key" }], or "enabled": false'
    report(path, `has no certificates; add ${right}`)
  }
  checkCertificates(context, [...path, 'certificates'], tls)
  checkClients(context, path, tls)
  if (tls.ciphers === undefined) return
  try {
    createSecureContext({ ciphers: tls.ciphers })
  } catch {
    report([...path, 'ciphers'], 'contains no cipher suite that OpenSSL knows; see openssl ciphers -s -v')
  }
}

function checkCertificates({ report, baseDir }: RuleContext, path: Path, tls: TlsBlock): void {
  /** Path of the certificate that already has a name. */
  const owners = new Map<string, Path>()
  for (const [index, given] of (tls.certificates ?? []).entries()) {
    if (given?.cert === undefined || given.key === undefined) continue
    const here = [...path, index]
    const names = given.names?.filter((name) => name !== undefined) ?? null
    const read = readPair(resolve(baseDir, given.cert), resolve(baseDir, given.key), names)
    if ('fault' in read) {
      report([...here, read.fault.at], read.fault.message)
      continue
    }
    for (const name of names === null ? [] : read.pair.names) {
      const other = owners.get(name)
      if (other === undefined) owners.set(name, here)
      else
        report(
          [...here, 'names'],
          `has ${JSON.stringify(name)}, which ${formatPath(other)} has too; keep one of them`,
        )
    }
  }
}

function checkClients({ report, isWritten, baseDir }: RuleContext, path: Path, tls: TlsBlock): void {
  const isAsked = tls.client_auth === 'optional' || tls.client_auth === 'required'
  const caPath = [...path, 'client_ca']
  if (isAsked && !isWritten(caPath)) {
    report(
      [...path, 'client_auth'],
      `is ${tls.client_auth}, but there is no client_ca; add the PEM file with the certificate authorities of clients`,
    )
  }
  for (const key of ['client_ca', 'client_subject_header'] as const) {
    if (!isAsked && tls[key] !== undefined)
      report(
        [...path, key],
        'has no effect while client_auth is off; set "client_auth": "required" or "optional"',
      )
  }
  if (tls.client_subject_header !== undefined && taken.test(tls.client_subject_header.replaceAll('_', '-')))
    report(
      [...path, 'client_subject_header'],
      'is a reserved header field; choose another name, such as "X-Client-Subject"',
    )
  if (tls.client_ca === undefined) return
  const read = readAuthorities(resolve(baseDir, tls.client_ca))
  if ('fault' in read) report(caPath, read.fault)
}

/**
 * Reserved fields: they frame or route a message, or the daemon sets them. The subject field is removed from client
 * requests, so it cannot be one of these.
 */
const taken =
  /^(?:host|content-.*|transfer-encoding|connection|te|trailer|upgrade|keep-alive|http2-settings|expect|via|forwarded|x-forwarded-.*|x-real-ip|x-request-id|proxy-.*)$/i
