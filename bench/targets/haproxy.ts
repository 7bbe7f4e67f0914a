/** HAProxy as a target. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { ciphers } from '../certificate.ts'
import type { Job, Launch, Place, Setup, Target } from '../types.ts'

/** One thread per instance; connections to the origin are kept and shared by all clients. */
export const haproxy: Target = {
  name: 'haproxy',
  version: () => /version (\S+)/.exec(spawnSync('haproxy', ['-v'], { encoding: 'utf8' }).stdout)?.[1] ?? '?',
  launch: (_job: Job, place: Place, setup: Setup): Launch => ({
    command: 'haproxy',
    args: ['-db', '-f', `${place.dir}/haproxy.cfg`],
    files: {
      'haproxy.cfg': configuration(place, setup),
      // HAProxy wants the key beside the certificate.
      ...(setup.tls ? { 'both.pem': pemOf(place) } : {}),
    },
  }),
}

const pemOf = ({ certificate }: Place) =>
  readFileSync(certificate.cert, 'utf8') + readFileSync(certificate.key, 'utf8')

const secure = (dir: string) =>
  ` ssl crt ${dir}/both.pem ssl-min-ver TLSv1.3 ciphersuites ${ciphers} alpn http/1.1`

/** Log lines go to standard output, which the benchmark reads: HAProxy does not write files. */
const configuration = (
  { port, originPort, dir }: Place,
  { tls, instances, accessLog, maxConnections }: Setup,
) => `global
  nbthread ${instances}
  maxconn 8192
${accessLog ? '  log stdout format raw local0\n' : ''}
defaults
  mode http
  timeout connect 5s
  timeout client 600s
  timeout server 600s
  timeout http-keep-alive 600s
  option http-keep-alive
  option forwardfor
  http-reuse always
${accessLog ? '  log global\n  option httplog\n' : ''}
frontend front
  maxconn ${maxConnections}
  bind 127.0.0.1:${port}${tls ? secure(dir) : ''}
  http-request set-header X-Forwarded-Proto http
  http-request set-header X-Forwarded-Host %[req.hdr(Host)]
  default_backend origin

backend origin
  server one 127.0.0.1:${originPort} pool-max-conn 128 pool-purge-delay 600s
`
