/** HAProxy as a target. */
import { spawnSync } from 'node:child_process'
import type { Job, Launch, Place, Target } from '../types.ts'

/** One thread; connections to the origin are kept and shared by all clients. */
export const haproxy: Target = {
  name: 'haproxy',
  version: () => /version (\S+)/.exec(spawnSync('haproxy', ['-v'], { encoding: 'utf8' }).stdout)?.[1] ?? '?',
  launch: (_job: Job, place: Place): Launch => ({
    command: 'haproxy',
    args: ['-db', '-f', `${place.dir}/haproxy.cfg`],
    files: { 'haproxy.cfg': configuration(place) },
  }),
}

const configuration = ({ port, originPort }: Place) => `global
  nbthread 1
  maxconn 4096

defaults
  mode http
  timeout connect 5s
  timeout client 600s
  timeout server 600s
  timeout http-keep-alive 600s
  option http-keep-alive
  option forwardfor
  http-reuse always

frontend front
  bind 127.0.0.1:${port}
  http-request set-header X-Forwarded-Proto http
  http-request set-header X-Forwarded-Host %[req.hdr(Host)]
  default_backend origin

backend origin
  server one 127.0.0.1:${originPort} pool-max-conn 128 pool-purge-delay 600s
`
