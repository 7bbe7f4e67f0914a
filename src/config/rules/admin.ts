/** Rules for `admin`: an address that other machines can reach needs TLS and a token. */
import { resolve } from 'node:path'
import { readPair } from '../../tls/certificate.ts'
import { isLocalAddress, parseListenerAddress } from '../address/address.ts'
import type { RuleContext } from './context.ts'

export function checkAdmin({ config, isWritten, report, baseDir }: RuleContext): void {
  const { admin } = config
  if (admin === undefined || admin.enabled === false) return
  if (isWritten(['admin', 'token']) && isWritten(['admin', 'token_file']))
    report(['admin', 'token_file'], 'has no effect next to admin.token; keep one of them')
  const { address } = parseListenerAddress(admin.listen_addr ?? '')
  if (address !== undefined && 'path' in address && isWritten(['admin', 'tls']))
    report(['admin', 'tls'], 'has no effect on a Unix socket; remove it')
  if (address !== undefined && !isLocalAddress(address)) {
    const missing = [
      ...(isWritten(['admin', 'tls']) ? [] : ['"tls": { "cert": "admin.pem", "key": "admin.key" }']),
      ...(isWritten(['admin', 'token']) || isWritten(['admin', 'token_file'])
        ? []
        : ['"token_file": "admin-token"']),
    ]
    if (missing.length > 0) {
      const right = `add ${missing.join(' and ')}, or listen on 127.0.0.1 or unix:PATH`
      report(['admin', 'listen_addr'], `is ${admin.listen_addr}, which other machines can reach; ${right}`)
    }
  }
  const { cert, key } = admin.tls ?? {}
  if (cert === undefined || key === undefined) return
  const read = readPair(resolve(baseDir, cert), resolve(baseDir, key), null)
  if ('fault' in read) report(['admin', 'tls', read.fault.at], read.fault.message)
}
