/** The certificate and cipher suite that all targets use. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { selfSigned } from '../test/kit/tls/self-signed.ts'
import type { Place } from './types.ts'

/** Bifrost's first choice by default; the check of each target makes sure that it is used. */
export const ciphers = 'TLS_AES_128_GCM_SHA256'

export function writeCertificate(dir: string): Place['certificate'] {
  const files = { cert: join(dir, 'site.pem'), key: join(dir, 'site.key') }
  writeFileSync(files.cert, selfSigned.cert)
  writeFileSync(files.key, selfSigned.key, { mode: 0o600 })
  return files
}
