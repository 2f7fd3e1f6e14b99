#!/usr/bin/env bash
# node-image.sh: the kind node image, from Debian packages and the Kubernetes
# programs of build.sh. Prints the image's name. Cached by content.
. "$(dirname "$0")/lib.sh"
. "$HERE/docker.sh"
"$HERE/build.sh" >/dev/null
kube=$(readlink -f "$CACHE/bin/kube")
SUITE=bookworm
PACKAGES=systemd,systemd-sysv,conntrack,iptables,nftables,iproute2,ethtool,util-linux,mount,kmod,libseccomp2,bash,ca-certificates,curl,jq,procps,containerd,runc,containernetworking-plugins,socat,hostname,e2fsprogs

coredns=$(gobuild coredns) pause=$(gobuild pause)

# --- Debian root folder -----------------------------------------------------
root_tar=$CACHE/node-root-$SUITE-$(hash_of <(echo "$PACKAGES")).tar
if [ ! -s "$root_tar" ]; then
  t=$(now)
  apt_has mmdebstrap mmdebstrap
  say "collecting the Debian packages of a node (half a minute)"
  mmdebstrap --quiet --format=tar --variant=minbase --include="$PACKAGES" --dpkgopt=force-unsafe-io --aptopt='Acquire::Languages "none"' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --customize-hook='rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/*' "$SUITE" "$root_tar.part" "$(debian_mirror)" >&2 || die "mmdebstrap failed (its messages are above)"
  mv "$root_tar.part" "$root_tar"; took "Debian root folder" "$t"
fi

key=$(hash_of "$HERE"/node/* "$HERE/node-image.sh" "$HERE/manifests/storageclass.yaml" <(echo "$kube $coredns $pause $root_tar"))
image=multigres-local/node:$KUBE_VERSION-$key
if docker image inspect "$image" >/dev/null 2>&1; then echo "$image"; exit; fi
t=$(now)
work=$CACHE/image-work; rm -rf "$work"; mkdir -p "$work/root" "$work/layers"
root=$work/root
tar -C "$root" -xf "$root_tar"

# --- container images, written straight as an archive ------------------------
# Names are what kubeadm asks for.
name_of() { "$kube/kubeadm" config images list --kubernetes-version "$KUBE_VERSION" 2>/dev/null | grep "/$1:"; }
# layer NAME: from folder layers/NAME; sets LAYER_SHA
mk() { mkdir -p "$work/layers/$1"; echo "$work/layers/$1"; }
d=$(mk kube)
mkdir -p "$d/usr/local/bin" "$d/usr/sbin" "$d/usr/lib/x86_64-linux-gnu" "$d/tmp" "$d/etc" "$d/run" "$d/bin"
cp "$kube/kubeall" "$d/usr/local/bin/"
for l in "$kube"/*; do [ -L "$l" ] && ln -s kubeall "$d/usr/local/bin/$(basename "$l")"; done
# kube-proxy runs iptables: its program, libraries and extensions
lib=usr/lib/x86_64-linux-gnu
cp "$root/usr/sbin/xtables-nft-multi" "$root/usr/sbin/nft" "$d/usr/sbin/"
for l in iptables iptables-save iptables-restore ip6tables ip6tables-save ip6tables-restore; do ln -s xtables-nft-multi "$d/usr/sbin/$l"; done
mkdir -p "$d/$lib/xtables"; cp -a "$root/$lib"/xtables/lib{xt,ipt,ip6t}_*.so "$d/$lib/xtables/"
for f in /usr/sbin/xtables-nft-multi /usr/sbin/nft "/$lib"/xtables/libxt_*.so; do # extensions need more than the program
  chroot "$root" sh -c "ldd $f" | awk '{for(i=1;i<=NF;i++) if ($i ~ "^/" && $i !~ ":$") print $i}'
done | sort -u | while read -r f; do
  mkdir -p "$d$(dirname "$f")"; cp -L "$root$f" "$d$f"
done
d=$(mk coredns); cp "$coredns" "$d/coredns"
d=$(mk pause); cp "$pause" "$d/pause"
agent=localhost/node-agent:$KUBE_VERSION
mkdir -p "$root/kind/images" "$root/kind/manifests"
for l in kube coredns pause; do layer "$work/$l.tar" "$work/layers/$l"; done
env='"Env":["PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]'
archive "$root/kind/images/kubernetes.tar" \
  "$work/kube.tar" "{$env}" "$(name_of kube-apiserver)" "$(name_of kube-controller-manager)" "$(name_of kube-scheduler)" "$(name_of kube-proxy)" "$(name_of etcd)" "$agent" -- \
  "$work/coredns.tar" '{"Entrypoint":["/coredns"]}' "$(name_of coredns)" -- \
  "$work/pause.tar" '{"Entrypoint":["/pause"]}' "$(name_of pause)"

# --- the node ----------------------------------------------------------------
install -m 755 "$HERE/node/entrypoint" "$root/usr/local/bin/entrypoint"
install -m 755 "$kube/kubeall" "$root/usr/local/bin/kubeall"
for b in kubelet kubeadm kubectl; do ln -sf /usr/local/bin/kubeall "$root/usr/bin/$b"; done
install -m 644 "$HERE"/node/*.service "$HERE"/node/*.slice "$root/etc/systemd/system/"
mkdir -p "$root/etc/containerd" "$root/etc/kubernetes/manifests" "$root/etc/cni/net.d"
sed "s#@PAUSE@#$(name_of pause)#" "$HERE/node/containerd.toml" >"$root/etc/containerd/config.toml"
echo 'KUBELET_EXTRA_ARGS=--runtime-cgroups=/system.slice/containerd.service --resolv-conf=/etc/node-dns/resolv.conf' >"$root/etc/default/kubelet"
echo "$KUBE_VERSION" >"$root/kind/version"
sed "s#@AGENT@#$agent#" "$HERE/node/default-cni.yaml" >"$root/kind/manifests/default-cni.yaml"
cp "$HERE/manifests/storageclass.yaml" "$root/kind/manifests/default-storage.yaml"
rm -f "$root"/lib/systemd/system/multi-user.target.wants/* "$root"/etc/systemd/system/*.wants/* "$root"/lib/systemd/system/local-fs.target.wants/* \
  "$root"/lib/systemd/system/sockets.target.wants/*udev* "$root"/lib/systemd/system/sockets.target.wants/*initctl* "$root"/lib/systemd/system/basic.target.wants/* \
  "$root"/lib/systemd/system/sysinit.target.wants/systemd-tmpfiles-setup.service
echo ReadKMsg=no >>"$root/etc/systemd/journald.conf"
ln -sf /lib/systemd/system/multi-user.target "$root/etc/systemd/system/default.target"
mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
for u in kubelet load-images containerd; do ln -sf "/etc/systemd/system/$u.service" "$root/etc/systemd/system/multi-user.target.wants/"; done
tar -C "$root" --numeric-owner -c . | docker import -c 'ENV container=docker' \
  -c 'ENTRYPOINT ["/usr/local/bin/entrypoint", "/sbin/init"]' - "$image" >&2
rm -rf "$work"
docker images -q --filter reference='multigres-local/node' | while read -r id; do # older ones
  [ "$id" = "$(docker images -q "$image")" ] || docker rmi -f "$id" >/dev/null 2>&1 || true
done
took "node image $image ($(docker image inspect -f '{{.Size}}' "$image" | awk '{printf "%.0f MB", $1/1e6}'))" "$t"
echo "$image"
