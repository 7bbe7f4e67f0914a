#!/bin/sh
# What the benchmark compares with: nginx, HAProxy, Squid and wrk from Debian, the rest from npm (package.json here).
set -eu
here=$(cd "$(dirname "$0")" && pwd)

missing=''
for pair in nginx:nginx-light haproxy:haproxy squid:squid wrk:wrk; do
  command -v "${pair%%:*}" >/dev/null || [ -x "/usr/sbin/${pair%%:*}" ] || missing="$missing ${pair##*:}"
done

if [ -n "$missing" ]; then
  root=''
  [ "$(id -u)" = 0 ] || root=sudo
  # A service that starts by itself would sit on the cores that are measured; 101 = "action forbidden by policy".
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | $root tee "$policy" >/dev/null
    $root chmod +x "$policy"
    trap '$root rm -f "$policy"' EXIT
  fi
  $root apt-get update -qq
  # shellcheck disable=SC2086
  $root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
  if [ -d /run/systemd/system ]; then
    for name in nginx haproxy squid; do
      case " $missing " in *" $name"*) $root systemctl disable --now "$name" || true ;; esac
    done
  fi
fi

npm ci --prefix "$here" --no-audit --no-fund
