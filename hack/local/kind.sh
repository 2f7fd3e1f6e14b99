#!/usr/bin/env bash
# kind.sh up|down|import|load|status: a real kind cluster of one control plane and a
# worker in each of three zones.
#   up              creates it if it is not there and healthy; prints the kubeconfig's path
#   import FILE...  docker archives from the cache's images folder into every worker;
#                   after --everywhere into the control plane too
#   load IMAGE...   images of the docker engine into every worker
#   pull IMAGE...   the same, pulled from their registry first
#   exec NODE CMD   a command in a node
#   docker ARGS...  the docker engine of the cluster
#   can-pull IMAGE  succeeds if a registry of images answers for it within 20 s
#   down            removes it, and our docker engine with it
# Settings: KIND_NAME (default multigres), KIND_ZONES (default "zone-a zone-b zone-c").
. "$(dirname "$0")/lib.sh"
KIND_VERSION=v0.30.0
KIND_IMAGE=kindest/node:v1.34.0 # the published node image of that kind release
cluster=${KIND_NAME:-multigres}
zones=${KIND_ZONES:-zone-a zone-b zone-c}
conf=$CACHE/kind-$cluster.kubeconfig
kind=$CACHE/bin/kind-$KIND_VERSION
verb=${1:-up}; [ $# -eq 0 ] || shift
. "$HERE/docker.sh"
if [ ! -x "$kind" ]; then
  need_go "kind $KIND_VERSION"
  t=$(now)
  CGO_ENABLED=0 GOFLAGS= GOBIN=$CACHE/bin/tmp-kind go install -trimpath -ldflags "-s -w" "sigs.k8s.io/kind@$KIND_VERSION" >&2
  mv "$CACHE/bin/tmp-kind/kind" "$kind"; rmdir "$CACHE/bin/tmp-kind"; took "built kind $KIND_VERSION" "$t"
fi
nodes() { "$kind" get nodes --name "$cluster" 2>/dev/null; }
workers() { nodes | grep -v control-plane; }
healthy() { [ -s "$conf" ] && [ "$(workers | wc -l)" -eq "$(wc -w <<<"$zones")" ] && k get nodes --request-timeout=5s >/dev/null 2>&1; }
k() { "$CACHE/bin/kube/kubectl" --kubeconfig "$conf" "$@"; }
# The node image: pulled where a registry of images answers, else built from packages.
node_image() {
  if [ "${MULTIGRES_PULL:-auto}" != never ]; then
    docker image inspect "$KIND_IMAGE" >/dev/null 2>&1 && { echo "$KIND_IMAGE"; return; }
    say "asking for the published node image $KIND_IMAGE"
    # a closed network says no at once or never answers: 20 s decide, then the layers have 10 minutes
    if timeout 20 docker manifest inspect "$KIND_IMAGE" >/dev/null 2>&1 && timeout 600 docker pull -q "$KIND_IMAGE" >&2; then echo "$KIND_IMAGE"; return; fi
    say "no registry of images answers: building the node image from Debian packages and Go modules instead"
  fi
  "$HERE/node-image.sh"
}
up() {
  "$HERE/build.sh" >/dev/null
  if healthy; then say "kind cluster $cluster is there"; echo "$conf"; return; fi
  # nodes left by an earlier run come back with the engine: away with them first
  "$kind" delete cluster --name "$cluster" --kubeconfig "$conf" >/dev/null 2>&1 || true
  local image t z; image=$(node_image)
  docker_net
  t=$(now)
  mkdir -p "$CACHE/shared-volumes-$cluster" "$CACHE/images"
  rm -rf "$CACHE/shared-volumes-$cluster"/*
  {
    echo 'kind: Cluster'; echo 'apiVersion: kind.x-k8s.io/v1alpha4'; echo "name: $cluster"
    echo 'networking: {apiServerAddress: 127.0.0.1, podSubnet: 10.244.0.0/16, serviceSubnet: 10.96.0.0/16}'
    echo 'nodes:'; echo '- role: control-plane'
    for z in $zones; do
      printf -- '- role: worker\n  labels: {topology.kubernetes.io/zone: %s, topology.k8s.aws/zone-id: %s, topology.kubernetes.io/region: local}\n' "$z" "$z"
      printf '  extraMounts:\n  - {hostPath: "%s", containerPath: /var/lib/shared-volumes}\n  - {hostPath: "%s", containerPath: /images, readOnly: true}\n' "$CACHE/shared-volumes-$cluster" "$CACHE/images"
    done
  } >"$CACHE/kind-$cluster.yaml"
  say "creating the kind cluster $cluster (30 to 60 s)"
  "$kind" create cluster --quiet --config "$CACHE/kind-$cluster.yaml" --image "$image" --kubeconfig "$conf" --wait 0s >&2 || {
    "$kind" export logs --name "$cluster" "$CACHE/kind-$cluster-logs" >&2 || true; die "kind create cluster failed; logs in $CACHE/kind-$cluster-logs"; }
  took "kind create cluster" "$t"
  k wait --for=condition=Ready node --all --timeout=300s >/dev/null
  # DNS must not go with a worker that is drained or killed: real clusters spread it, kind puts both on one node
  k -n kube-system patch deploy coredns -p '{"spec":{"template":{"spec":{"nodeSelector":{"node-role.kubernetes.io/control-plane":""}}}}}' >/dev/null
  k -n kube-system rollout status deploy/coredns --timeout=300s >/dev/null
  [ "$image" != "$KIND_IMAGE" ] || k apply -f "$HERE/manifests/shared-static.yaml" >/dev/null
  took "all nodes and DNS ready" "$t"
  echo "$conf"
}
# A node that already has every image of the archive is left alone.
has_images() { # NODE NAME...
  local node=$1 have n; shift
  have=$(docker exec "$node" ctr -n k8s.io images ls -q)
  for n in "$@"; do grep -qxF "$n" <<<"$have" || return 1; done
}
# into NODE FILE: workers see the cache's images folder, so nothing is copied; the control plane does not
into() {
  local ctr=(ctr -n k8s.io images import --all-platforms --digests --snapshotter overlayfs) seen=/images/$(basename "$2")
  if docker exec "$1" test -e "$seen"; then docker exec "$1" "${ctr[@]}" "$seen"; else docker exec -i "$1" "${ctr[@]}" - <"$2"; fi >/dev/null
}
# import_one FILE NODE...
import_one() {
  local file=$1 node names t pids=; t=$(now); shift
  [ "$(dirname "$file")" = "$CACHE/images" ] || die "import: $file is not in $CACHE/images"
  mapfile -t names < <(tar -xOf "$file" ./manifest.json | grep -o '"RepoTags":\[[^]]*\]' | grep -o '"docker.io[^"]*"' | tr -d '"')
  for node in "$@"; do
    has_images "$node" "${names[@]}" && continue
    into "$node" "$file" &
    pids+=" $!"
  done
  [ -n "$pids" ] || return 0
  for p in $pids; do wait "$p" || die "an image could not be loaded into a node; free disk space? ($(df -h "$CACHE" | awk 'NR==2{print $4}') left)"; done
  took "loaded $(basename "$file") into the nodes" "$t"
}
# load_one IMAGE: an image of the docker engine; a node remembers the ids that it got
load_one() {
  local id node file t pids=; t=$(now)
  id=$(docker image inspect -f '{{.Id}}' "$1" 2>/dev/null) || die "the docker engine ($DOCKER_HOST) has no image $1: docker load or docker build it there first"
  file=$CACHE/images/engine-${id#sha256:}.tar
  for node in $(workers); do
    docker exec "$node" test -e "/var/lib/loaded-images/${id#sha256:}" && continue
    [ -s "$file" ] || docker save -o "$file" "$1"
    docker exec "$node" sh -ec "ctr -n k8s.io images import --all-platforms --digests --snapshotter overlayfs /images/$(basename "$file") >/dev/null; mkdir -p /var/lib/loaded-images; touch /var/lib/loaded-images/${id#sha256:}" &
    pids+=" $!"
  done
  for p in $pids; do wait "$p" || die "image $1 could not be loaded into a node"; done
  rm -f "$file"
  [ -z "$pids" ] || took "loaded $1 into the workers" "$t"
}
case $verb in
  up) one_at_a_time "kind-$cluster"; up ;;
  status) healthy && echo "$conf" ;;
  down) "$kind" delete cluster --name "$cluster" --kubeconfig "$conf" >&2; rm -rf "$CACHE/shared-volumes-$cluster"/*; [ -n "$("$kind" get clusters -q 2>/dev/null)" ] || docker_down ;;
  import)
    if [ "${1:-}" = --everywhere ]; then shift; to=$(nodes); else to=$(workers); fi
    for f in "$@"; do import_one "$f" $to; done ;;
  exec) docker exec "$@" ;;
  docker) docker "$@" ;;
  can-pull) timeout 20 docker manifest inspect "$1" >/dev/null 2>&1 ;;
  pull) for f in "$@"; do docker pull -q "$f" >&2; load_one "$f"; done ;;
  load) for f in "$@"; do load_one "$f"; done ;;
  *) die "usage: kind.sh up|down|status|import [--everywhere] FILE...|load IMAGE...|pull IMAGE...|can-pull IMAGE|exec NODE COMMAND...|docker ARGS..." ;;
esac
