/** Squid as a target. */
import { spawnSync } from 'node:child_process'
import type { Job, Launch, Place, Target } from '../types.ts'

/** One process, no cache, no log: only the forwarding remains. */
export const squid: Target = {
  name: 'squid',
  version: () => /Version (\S+)/.exec(spawnSync('squid', ['-v'], { encoding: 'utf8' }).stdout)?.[1] ?? '?',
  launch: (_job: Job, place: Place): Launch => ({
    command: 'squid',
    args: ['-N', '-f', `${place.dir}/squid.conf`],
    files: { 'squid.conf': configuration(place) },
  }),
}

const configuration = ({ port }: Place) => `http_port 127.0.0.1:${port}
workers 1
visible_hostname bench
http_access allow all
cache deny all
access_log none
cache_store_log none
cache_log /dev/null
pid_filename none
coredump_dir none
pinger_enable off
digest_generation off
client_persistent_connections on
server_persistent_connections on
server_idle_pconn_timeout 10 minutes
client_idle_pconn_timeout 10 minutes
max_filedescriptors 16384
shutdown_lifetime 0 seconds
`
