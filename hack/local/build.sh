#!/usr/bin/env bash
# build.sh: the Kubernetes programs and etcd as one binary, built from the Go
# modules of the release; cached by version. Prints the folder of the links.
. "$(dirname "$0")/lib.sh"
src=$HERE/src/kube
key=$KUBE_VERSION-$(hash_of "$src"/*.go "$src/go.mod" "$src/go.sum")
out=$CACHE/bin/kube-$key
if [ ! -x "$out/kubeall" ]; then
  one_at_a_time build
fi
if [ ! -x "$out/kubeall" ]; then
  need_go "Kubernetes $KUBE_VERSION"
  t=$(now)
  ld="-s -w"
  IFS=. read -r major minor _ <<<"${KUBE_VERSION#v}"
  for p in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
    ld+=" -X $p.gitVersion=$KUBE_VERSION -X $p.gitMajor=$major -X $p.gitMinor=$minor -X $p.gitTreeState=clean"
  done
  say "building Kubernetes $KUBE_VERSION from source (about 6 minutes on two idle cores, once per machine)"
  mkdir -p "$out"
  (cd "$src" && CGO_ENABLED=0 GOFLAGS=-mod=readonly go build -buildvcs=false -trimpath -ldflags "$ld" -o "$out/kubeall.part" . >&2)
  mv "$out/kubeall.part" "$out/kubeall"
  for p in kube-apiserver kube-controller-manager kube-scheduler kube-proxy kubelet kubeadm kubectl etcd fakenodes nodeagent; do
    ln -sf kubeall "$out/$p"
  done
  took "built Kubernetes ($(du -h "$out/kubeall" | cut -f1))" "$t"
fi
ln -sfn "kube-$key" "$CACHE/bin/kube"
echo "$CACHE/bin/kube"
