#!/usr/bin/env bash
# images.sh operator|emulator: container images as docker archives in the
# cache's images folder, from Debian packages, Go modules and our bundles, with
# no engine. Prints the archive's path. Cached by content.
#   operator  multigres-operator:TAG
#   emulator  multigres-emulator:TAG, multigres-emulator-web:TAG, multigres-etcd:TAG
#   root      only unpacks the emulator's Debian root and prints its folder
# TAG is the content's hash, so a tag never changes its meaning; the last line printed
# is the path, the names follow in PATH.names.
. "$(dirname "$0")/lib.sh"
what=${1:?operator, emulator or root}
dist=$ROOT/dist
images=$CACHE/images layers=$CACHE/layers
mkdir -p "$images" "$layers"
SUITE=trixie
# minbase plus these; LLVM (JIT) is left out, postgres does without
PACKAGES=postgresql-17,pgbackrest,prometheus-postgres-exporter,procps,locales,libstdc++6
node_binary() { readlink -f "$ROOT/node_modules/node-linux-$(node -p process.arch)/bin/node" 2>/dev/null || readlink -f "$(command -v node)"; }

# The Debian root of the emulator: real PostgreSQL 17, pgBackRest and the exporter.
debian_layer() {
  local out t=
  out=$layers/postgres-$SUITE-$(hash_of <(echo "$PACKAGES 2")).tar
  if [ ! -s "$out" ]; then
    t=$(now)
    apt_has mmdebstrap mmdebstrap
    say "collecting the Debian packages of PostgreSQL 17 and pgBackRest (about a minute)"
    mmdebstrap --quiet --format=tar --variant=minbase --include="$PACKAGES" --dpkgopt=force-unsafe-io --aptopt='Acquire::Languages "none"' \
      --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/info/*' \
      --essential-hook='mkdir -p "$1/etc/postgresql-common"; echo create_main_cluster=false >"$1/etc/postgresql-common/createcluster.conf"; echo postgres:x:999: >>"$1/etc/group"; echo postgres:x:999:999:PostgreSQL:/var/lib/postgresql:/bin/bash >>"$1/etc/passwd"' \
      --customize-hook='chroot "$1" localedef -i en_US -f UTF-8 en_US.UTF-8' \
      --customize-hook='rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/* "$1"/var/log/* "$1"/usr/share/i18n "$1"/usr/lib/postgresql/17/lib/bitcode "$1"/usr/lib/postgresql/17/lib/llvmjit* "$1"/usr/lib/*/libLLVM* "$1"/usr/lib/llvm-*' \
      --customize-hook='mkdir -p "$1/bin" "$1/backups"; ln -sf /usr/bin/prometheus-postgres-exporter "$1/bin/postgres_exporter"; chown 999:999 "$1/backups"' \
      "$SUITE" "$out.part" "$(debian_mirror)" >&2 || die "mmdebstrap failed (its messages are above)"
    mv "$out.part" "$out"; took "Debian layer ($(du -h "$out" | cut -f1))" "$t"
  fi
  echo "$out"
}
# node_layer: the Node binary, shared by all images of ours
node_layer() {
  local bin out d; bin=$(node_binary); out=$layers/node-$("$bin" --version).tar
  if [ ! -s "$out" ]; then
    d=$(mktemp -d); mkdir -p "$d/usr/local/bin"; chmod -R 755 "$d"
    install -m 755 "$bin" "$d/usr/local/bin/node"; strip "$d/usr/local/bin/node" 2>/dev/null || true
    layer "$out" "$d"; rm -rf "$d"
  fi
  echo "$out"
}
# libs_layer: what the Node binary needs of a system, nothing else (no shell)
libs_layer() {
  local out d f; out=$layers/libs-$(basename "$(debian_layer)")
  if [ ! -s "$out" ]; then
    d=$(mktemp -d); chmod 755 "$d"; mkdir -p "$d/etc" "$d/tmp"; chmod 1777 "$d/tmp"
    local root; root=$(debian_root)
    for f in lib64/ld-linux-x86-64.so.2 $(cd "$root" && ls usr/lib/*-linux-gnu/{libc.so.6,libm.so.6,libdl.so.2,libpthread.so.0,libstdc++.so.6,libgcc_s.so.1,ld-linux-*} 2>/dev/null); do
      [ -e "$root/$f" ] || continue
      mkdir -p "$d/$(dirname "$f")"; cp -L "$root/$f" "$d/$f"
    done
    echo 'operator:x:65532:65532::/:/nonexistent' >"$d/etc/passwd"; echo 'operator:x:65532:' >"$d/etc/group"
    layer "$out" "$d"; rm -rf "$d"
  fi
  echo "$out"
}
debian_root() {
  local tar; tar=$(debian_layer)
  local root=${tar%.tar}.root
  if [ ! -e "$root/.done" ]; then
    rm -rf "$root"; mkdir -p "$root"; tar -C "$root" --numeric-owner -xf "$tar"; touch "$root/.done"
  fi
  echo "$root"
}
bundles() { for b in "$@"; do [ -s "$dist/$b" ] || die "dist/$b is missing: run 'npm run build' first"; done; }

case $what in
  root) one_at_a_time images; debian_root ;;
  operator)
    bundles webhook.mjs controller.mjs sweep.mjs kubectl-multigres.mjs
    one_at_a_time images
    libs=$(libs_layer) node=$(node_layer)
    key=$(hash_of "$dist"/{webhook,controller,sweep,kubectl-multigres}.mjs "$0" <(echo "$libs $node"))
    out=$images/operator-$key.tar name=multigres-operator:$key
    if [ ! -s "$out" ]; then
      t=$(now); d=$(mktemp -d); mkdir -p "$d/app" "$d/usr/local/bin"; chmod -R 755 "$d"
      for b in webhook controller sweep kubectl-multigres; do for f in "$dist/$b.mjs" "$dist/$b.mjs.map"; do [ ! -e "$f" ] || install -m 644 "$f" "$d/app/"; done; done
      sed '1s|.*|#!/usr/local/bin/node|' "$(dirname "$0")/../../cli/image/kubectl-multigres" >"$d/usr/local/bin/kubectl-multigres"; chmod 755 "$d/usr/local/bin/kubectl-multigres"
      layer "$layers/app-$key.tar" "$d"; rm -rf "$d"
      archive "$out" "$libs,$node,$layers/app-$key.tar" '{"User":"65532:65532","WorkingDir":"/app","Entrypoint":["/usr/local/bin/node"],"Cmd":["/app/controller.mjs"],"Env":["NODE_ENV=production"]}' "docker.io/library/$name"
      ls -t "$images"/operator-*.tar | tail -n +4 | xargs -r rm -f; rm -f "$layers/app-$key.tar"*
      took "image $name" "$t"
    fi
    echo "$name" >"$out.names"; echo "$out" ;;
  emulator)
    bundles emulator.mjs
    one_at_a_time images
    etcd=$(gobuild kube etcd)
    debian=$(debian_layer) node=$(node_layer)
    key=$(hash_of "$dist/emulator.mjs" "$0" <(echo "$etcd $debian $node"))
    out=$images/emulator-$key.tar
    if [ ! -s "$out" ]; then
      t=$(now); d=$(mktemp -d); mkdir -p "$d/opt/emulator" "$d/usr/local/bin" "$d/multigres/bin"; chmod -R 755 "$d"
      install -m 644 "$dist/emulator.mjs" "$d/opt/emulator/main.mjs"
      for role in pgctld multipooler multiorch multigateway multiadmin multiadmin-web; do
        printf '#!/bin/sh\nexec /usr/local/bin/node ${EMULATOR_NODE_OPTIONS:---max-old-space-size=80 --max-semi-space-size=1 --v8-pool-size=1} /opt/emulator/main.mjs %s "$@"\n' "$role" >"$d/multigres/bin/$role"
        chmod 755 "$d/multigres/bin/$role"; cp "$d/multigres/bin/$role" "$d/usr/local/bin/$role"
      done
      layer "$layers/emulator-$key.tar" "$d"; rm -rf "$d"
      d=$(mktemp -d); mkdir -p "$d/usr/local/bin" "$d/tmp" "$d/var/lib/etcd"; chmod -R 755 "$d"; chmod 1777 "$d/tmp"; install -m 755 "$etcd" "$d/usr/local/bin/etcd"
      layer "$layers/etcd-$key.tar" "$d"; rm -rf "$d"
      path='"Env":["PATH=/multigres/bin:/usr/local/bin:/usr/lib/postgresql/17/bin:/usr/bin:/bin","LANG=en_US.UTF-8"]'
      archive "$out" \
        "$debian,$node,$layers/emulator-$key.tar" "{$path,\"User\":\"65532:65532\",\"Cmd\":[\"tail\",\"-f\",\"/dev/null\"]}" "docker.io/library/multigres-emulator:$key" -- \
        "$debian,$node,$layers/emulator-$key.tar" "{$path,\"User\":\"1001:1001\",\"Entrypoint\":[\"/multigres/bin/multiadmin-web\"]}" "docker.io/library/multigres-emulator-web:$key" -- \
        "$debian" "{\"User\":\"65534:65534\",\"Entrypoint\":[\"/bin/postgres_exporter\"]}" "docker.io/library/multigres-exporter:$key" -- \
        "$layers/etcd-$key.tar" '{"Env":["PATH=/usr/local/bin"],"Cmd":["/usr/local/bin/etcd"]}' "docker.io/library/multigres-etcd:$key"
      ls -t "$images"/emulator-*.tar | tail -n +3 | xargs -r rm -f; rm -f "$layers/emulator-$key.tar"* "$layers/etcd-$key.tar"*
      took "emulator images" "$t"
    fi
    echo "$key" >"$out.names"; echo "$out" ;;
  *) die "usage: images.sh operator|emulator|root" ;;
esac
