#!/usr/bin/env bash
# helm.sh: builds helm from its Go module, cached; prints the program's path.
. "$(dirname "$0")/lib.sh"
v=$(awk '$1=="require" && $2=="helm.sh/helm/v3"{print $3} $1=="helm.sh/helm/v3"{print $2}' "$HERE/src/helm/go.mod" | head -1)
out=$CACHE/bin/helm-$v-$(hash_of "$HERE"/src/helm/go.*)
[ -x "$out" ] || one_at_a_time helm
if [ ! -x "$out" ]; then
  need_go "helm $v"
  t=$(now)
  say "building helm $v from source (about a minute)"
  (cd "$HERE/src/helm" && CGO_ENABLED=0 GOFLAGS=-mod=readonly go build -buildvcs=false -trimpath \
    -ldflags "-s -w -X helm.sh/helm/v3/internal/version.version=$v" -o "$out.part" helm.sh/helm/v3/cmd/helm >&2)
  mv "$out.part" "$out"; took "built helm $v" "$t"
fi
echo "$out"
