#!/usr/bin/env bash
# run.sh PROGRAM ARGS...: runs a program of the project under Node 24, after
# making sure that node_modules is there and matches package-lock.json.
set -euo pipefail
cd "$(dirname "$0")/.."
stamp=node_modules/.stamp
want=$(cat package-lock.json .npmrc | sha256sum | cut -c1-16)
if [ "$(cat $stamp 2>/dev/null || true)" != "$want" ]; then
  command -v npm >/dev/null || { echo "npm is missing: install Node.js 20 or newer (it is only used to fetch Node 24), then run this again" >&2; exit 1; }
  echo "[setup] installing npm packages (about 30 s the first time)" >&2
  npm ci --loglevel=error >&2
  echo "$want" >$stamp
fi
# the machine's own Node if it is new enough, else the one that came as a package
if [ "$(node -p 'Number(process.versions.node.split(".")[0])' 2>/dev/null || echo 0)" -lt 24 ]; then
  [ -x node_modules/.bin/node ] || { echo "Node 24 or newer is needed on this platform: install it, then run this again" >&2; exit 1; }
fi
PATH=$PWD/node_modules/.bin:$PATH
export PATH
exec "$@"
