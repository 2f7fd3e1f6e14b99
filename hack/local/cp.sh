#!/usr/bin/env bash
# cp.sh up|down|status [name]: a real API server, controller manager, scheduler
# and etcd on loopback, with fake nodes that make pods Ready without containers.
# Settings: CP_PORT (default 18443; the next four ports are used too),
# CP_NODES ("name=zone,..."). Prints the path of the kubeconfig.
. "$(dirname "$0")/lib.sh"
verb=${1:-up} name=${2:-default}
port=${CP_PORT:-18443}
nodes=${CP_NODES:-node-a=zone-a,node-b=zone-b,node-c=zone-c}
dir=$CACHE/cp/$name pki=$CACHE/cp/$name/pki conf=$CACHE/cp/$name/kubeconfig
bin=$CACHE/bin/kube

gone() { # no such process, or a zombie that its parent has yet to collect
  local st; st=$(sed 's/.*) //;s/ .*//' "/proc/$1/stat" 2>/dev/null) || return 0
  [ -z "$st" ] || [ "$st" = Z ]
}
stop() {
  local f p
  for f in fakenodes kube-scheduler kube-controller-manager kube-apiserver etcd; do
    p=$(cat "$dir/$f.pid" 2>/dev/null) || continue
    # only a process that is still ours: its command line names our folder
    if tr '\0' ' ' <"/proc/$p/cmdline" 2>/dev/null | grep -qF "$dir/"; then
      kill -9 "$p" 2>/dev/null || true # nothing here is kept: no need to wait
      until gone "$p"; do sleep 0.05; done
    fi
    rm -f "$dir/$f.pid"
  done
}
start() { # start PROGRAM ARGS...
  local p=$1; shift
  setsid nohup "$bin/$p" "$@" >"$dir/$p.log" 2>&1 </dev/null &
  echo $! >"$dir/$p.pid"
}
certs() {
  [ -s "$pki/done-$port" ] && find "$pki/done-$port" -mtime -300 | grep -q . && return
  rm -rf "$pki"; mkdir -p "$pki"
  cat >"$dir/kubeadm.yaml" <<Y
apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
localAPIEndpoint: {advertiseAddress: 10.244.255.254, bindPort: $port}
nodeRegistration: {name: local, criSocket: unix:///none}
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: $KUBE_VERSION
certificatesDir: $pki
encryptionAlgorithm: ECDSA-P256
controlPlaneEndpoint: 127.0.0.1:$port
apiServer: {certSANs: [localhost, 127.0.0.1]}
networking: {serviceSubnet: 10.96.0.0/16}
Y
  local c
  for c in ca apiserver front-proxy-ca front-proxy-client sa; do
    "$bin/kubeadm" init phase certs $c --config "$dir/kubeadm.yaml" >>"$dir/kubeadm.log" 2>&1
  done
  for c in super-admin controller-manager scheduler; do
    "$bin/kubeadm" init phase kubeconfig $c --config "$dir/kubeadm.yaml" --kubeconfig-dir "$pki" >>"$dir/kubeadm.log" 2>&1
    sed -i "s#server: .*#server: https://127.0.0.1:$port#" "$pki/$c.conf"
  done
  date >"$pki/done-$port"
}
up() {
  "$HERE/build.sh" >/dev/null
  local t; t=$(now)
  stop; mkdir -p "$dir"; keep_inside
  certs; took certificates "$t"
  rm -rf "$dir/etcd"
  start etcd --name local --data-dir "$dir/etcd" --unsafe-no-fsync --log-level warn \
    --listen-client-urls "http://127.0.0.1:$((port+1))" --advertise-client-urls "http://127.0.0.1:$((port+1))" \
    --listen-peer-urls "http://127.0.0.1:$((port+2))" --initial-advertise-peer-urls "http://127.0.0.1:$((port+2))" \
    --initial-cluster "local=http://127.0.0.1:$((port+2))"
  start kube-apiserver --etcd-servers "http://127.0.0.1:$((port+1))" --bind-address 127.0.0.1 --secure-port "$port" \
    --advertise-address 10.244.255.254 --endpoint-reconciler-type none --external-hostname localhost \
    --service-cluster-ip-range 10.96.0.0/16 --authorization-mode Node,RBAC --allow-privileged \
    --client-ca-file "$pki/ca.crt" --tls-cert-file "$pki/apiserver.crt" --tls-private-key-file "$pki/apiserver.key" \
    --service-account-issuer https://local.invalid --service-account-key-file "$pki/sa.pub" --service-account-signing-key-file "$pki/sa.key" \
    --requestheader-client-ca-file "$pki/front-proxy-ca.crt" --requestheader-allowed-names front-proxy-client \
    --requestheader-username-headers X-Remote-User --requestheader-group-headers X-Remote-Group --requestheader-extra-headers-prefix X-Remote-Extra- \
    --proxy-client-cert-file "$pki/front-proxy-client.crt" --proxy-client-key-file "$pki/front-proxy-client.key"
  cp "$pki/super-admin.conf" "$conf"; chmod 600 "$conf"
  until_ok 60 curl -sf --max-time 2 --cacert "$pki/ca.crt" "https://127.0.0.1:$port/readyz" || { tail -n 5 "$dir"/*.log >&2; die "the API server did not start"; }
  took "API server ready" "$t"
  start kube-controller-manager --kubeconfig "$pki/controller-manager.conf" --leader-elect=false --bind-address 127.0.0.1 --secure-port "$((port+3))" \
    --use-service-account-credentials --kube-api-qps 1000 --kube-api-burst 2000 --service-account-private-key-file "$pki/sa.key" --root-ca-file "$pki/ca.crt" \
    --cluster-signing-cert-file "$pki/ca.crt" --cluster-signing-key-file "$pki/ca.key" --service-cluster-ip-range 10.96.0.0/16
  start kube-scheduler --kubeconfig "$pki/scheduler.conf" --leader-elect=false --kube-api-qps 1000 --kube-api-burst 2000 --bind-address 127.0.0.1 --secure-port "$((port+4))"
  start fakenodes --kubeconfig "$conf" --nodes "$nodes" --version "$KUBE_VERSION"
  "$bin/kubectl" --kubeconfig "$conf" apply -f "$HERE/manifests/storageclass.yaml" >/dev/null
  until_ok 60 ready || die "nodes not ready: see $dir/*.log"
  took "$(tr ',' '\n' <<<"$nodes" | wc -l) nodes ready, default service account there" "$t"
  echo "$conf"
}
ready() {
  local k=("$bin/kubectl" --kubeconfig "$conf")
  "${k[@]}" get serviceaccount default -n default &&
    ! "${k[@]}" get nodes --no-headers -o 'custom-columns=S:.status.conditions[?(@.type=="Ready")].status,T:.spec.taints' | grep -v '^True  *<none>' &&
    [ "$("${k[@]}" get nodes --no-headers 2>/dev/null | wc -l)" -ge "$(tr ',' '\n' <<<"$nodes" | wc -l)" ]
}
case $verb in
  up) up ;;
  down) stop; say "stopped" ;;
  status) for f in "$dir"/*.pid; do p=$(cat "$f"); kill -0 "$p" 2>/dev/null && echo "$(basename "$f" .pid) $p"; done ;;
  *) die "usage: cp.sh up|down|status [name]" ;;
esac
