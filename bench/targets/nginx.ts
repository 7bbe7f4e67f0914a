/** nginx as a target. */
import { spawnSync } from 'node:child_process'
import { userInfo } from 'node:os'
import { ciphers } from '../certificate.ts'
import { type Job, type Launch, type Place, plainSetup, type Setup, type Target } from '../types.ts'

/** One worker process per instance; connections to client and origin stay open during the load. */
export const nginx: Target = {
  name: 'nginx',
  version: () => /nginx\/(\S+)/.exec(spawnSync('nginx', ['-v'], { encoding: 'utf8' }).stderr)?.[1] ?? '?',
  launch: (job: Job, place: Place, setup: Setup): Launch =>
    nginxLaunch(place.dir, servers(job, place, setup), setup),
}

export function nginxLaunch(dir: string, http: string, setup: Setup = plainSetup): Launch {
  return {
    command: 'nginx',
    args: ['-p', dir, '-c', `${dir}/nginx.conf`, '-e', 'stderr'],
    files: { 'nginx.conf': frame(http, setup) },
  }
}

const frame = (http: string, { instances, accessLog }: Setup) => `daemon off;
user ${userInfo().username};
worker_processes ${instances};
pid nginx.pid;
error_log stderr crit;
events {
  worker_connections 8192;
}
http {
  access_log ${accessLog ? 'access.log combined buffer=64k flush=1s' : 'off'};
  default_type application/octet-stream;
  types { text/plain txt; }
  client_body_temp_path client_body_temp;
  proxy_temp_path proxy_temp;
  fastcgi_temp_path fastcgi_temp;
  uwsgi_temp_path uwsgi_temp;
  scgi_temp_path scgi_temp;
  sendfile on;
  tcp_nopush on;
  keepalive_timeout 600s;
  keepalive_requests 1000000000;
${http}}
`

function servers(job: Job, place: Place, { tls }: Setup): string {
  const { port, originPort, filesDir } = place
  if (job === 'static') return staticServer(port, filesDir)
  // Connection "upgrade" for a WebSocket, and none for requests, whose connections to the origin are kept.
  return `  map $http_upgrade $connection_upgrade {
    default upgrade;
    '' '';
  }
  upstream origin {
    server 127.0.0.1:${originPort};
    keepalive 128;
    keepalive_timeout 600s;
    keepalive_requests 1000000000;
  }
  server {
    listen 127.0.0.1:${port} backlog=4096${tls ? ' ssl' : ''};
${tls ? secure(place) : ''}    client_max_body_size 0;
    location / {
      proxy_pass http://origin;
      proxy_http_version 1.1;
      proxy_request_buffering off;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $http_host;
    }
  }
`
}

const secure = ({ certificate }: Place) => `    ssl_certificate ${certificate.cert};
    ssl_certificate_key ${certificate.key};
    ssl_protocols TLSv1.3;
    ssl_conf_command Ciphersuites ${ciphers};
    ssl_session_cache shared:bench:10m;
`

export const staticServer = (port: number, filesDir: string) => `  open_file_cache max=1000 inactive=600s;
  open_file_cache_valid 60s;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    root ${filesDir};
  }
`
