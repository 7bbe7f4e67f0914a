/** nginx as a target. */
import { spawnSync } from 'node:child_process'
import { userInfo } from 'node:os'
import type { Job, Launch, Place, Target } from '../types.ts'

/** One worker process; connections to client and origin stay open during the load. */
export const nginx: Target = {
  name: 'nginx',
  version: () => /nginx\/(\S+)/.exec(spawnSync('nginx', ['-v'], { encoding: 'utf8' }).stderr)?.[1] ?? '?',
  launch: (job: Job, place: Place): Launch => nginxLaunch(place.dir, servers(job, place)),
}

export function nginxLaunch(dir: string, http: string): Launch {
  return {
    command: 'nginx',
    args: ['-p', dir, '-c', `${dir}/nginx.conf`, '-e', 'stderr'],
    files: { 'nginx.conf': frame(http) },
  }
}

const frame = (http: string) => `daemon off;
user ${userInfo().username};
worker_processes 1;
pid nginx.pid;
error_log stderr crit;
events {
  worker_connections 8192;
}
http {
  access_log off;
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

function servers(job: Job, { port, originPort, filesDir }: Place): string {
  if (job === 'static') return staticServer(port, filesDir)
  return `  upstream origin {
    server 127.0.0.1:${originPort};
    keepalive 128;
    keepalive_timeout 600s;
    keepalive_requests 1000000000;
  }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://origin;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $http_host;
    }
  }
`
}

export const staticServer = (port: number, filesDir: string) => `  open_file_cache max=1000 inactive=600s;
  open_file_cache_valid 60s;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    root ${filesDir};
  }
`
