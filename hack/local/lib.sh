# Shared by the scripts of this folder; sourced, not run.
set -euo pipefail
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ROOT=$(cd "$HERE/../.." && pwd)
# Folder for everything that is built, cached or running; each entry is keyed by version or content.
CACHE=${MULTIGRES_CACHE:-$HOME/.cache/multigres-operator}
KUBE_VERSION=v1.34.4
mkdir -p "$CACHE/bin"

say() { printf '[%(%H:%M:%S)T] %s\n' -1 "$*" >&2; }
die() { say "$*"; exit 1; }
now() { date +%s.%N; }
# took LABEL START_SECONDS: log how long a step took
took() { say "$1: $(awk -v a="$2" -v b="$(now)" 'BEGIN{printf "%.1f", b-a}') s"; }
# hash_of FILE...: short key for a cache entry
hash_of() { cat "$@" | sha256sum | cut -c1-12; }
# until_ok SECONDS COMMAND...: run it until it succeeds
until_ok() {
  local end=$(($(date +%s) + $1)); shift
  until "$@" >/dev/null 2>&1; do [ "$(date +%s)" -lt "$end" ] || return 1; sleep 0.1; done
}
# one_at_a_time NAME: the rest of this script waits for others that hold the same name (two test tiers may prepare at once)
one_at_a_time() {
  exec 9>"$CACHE/$1.lock"
  flock -n 9 || { say "waiting for another run that prepares $1"; flock -w 1800 9 || die "$1 is still being prepared after 30 minutes: end that run or delete $CACHE/$1.lock"; }
}
# Addresses of pods and services exist only inside the local clusters: nothing
# sent to them from this machine may leave it.
keep_inside() {
  [ "$(id -u)" = 0 ] || { say "not root: no unreachable routes for pod and service ranges"; return 0; }
  apt_has ip iproute2
  local r
  for r in 10.244.0.0/16 10.96.0.0/16; do ip route replace unreachable "$r"; done
}
# apt_has PROGRAM PACKAGE...: installs Debian packages when the program is missing
apt_has() {
  local program=$1; shift
  command -v "$program" >/dev/null && return
  command -v apt-get >/dev/null && [ "$(id -u)" = 0 ] || die "$program is missing: install it (Debian, Ubuntu: sudo apt-get install $*) and run this again"
  say "$program is missing: installing $* with apt-get"
  apt-get update -qq >&2 || true
  DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >/dev/null
}
need_go() { command -v go >/dev/null || die "Go 1.24 or newer is missing: it builds $1 from source here. Install it from your distribution or go.dev and run this again"; }
# gobuild MODULE_FOLDER [SUB_PACKAGE]: static binary under bin, by content; prints its path
gobuild() {
  local src=$HERE/src/$1 sub=${2:-.} name=$1 out
  [ "$sub" = . ] || name=$sub
  out=$CACHE/bin/$name-$(hash_of "$src"/go.* "$src/$sub"/*.go)
  if [ ! -x "$out" ]; then
    need_go "$name"
    local t; t=$(now)
    (cd "$src" && CGO_ENABLED=0 GOFLAGS=-mod=readonly go build -buildvcs=false -trimpath -ldflags "-s -w" -o "$out.$$" "./$sub" >&2)
    mv "$out.$$" "$out"; took "built $name" "$t"
  fi
  echo "$out"
}
# The mirror that this machine's apt uses.
debian_mirror() {
  local mirror
  mirror=$(awk '/^URIs:/{print $2; exit}' /etc/apt/sources.list.d/debian.sources 2>/dev/null || true)
  [ -n "$mirror" ] || mirror=$(awk '$1=="deb"{for(i=2;i<=NF;i++)if($i~/^http/){print $i; exit}}' /etc/apt/sources.list)
  [ -n "$mirror" ] || die "no Debian mirror in apt's sources: images can only be built from packages on Debian; elsewhere they must be pulled"
  echo "$mirror"
}
# archive FILE then for each image: LAYER.tar[,LAYER.tar...] CONFIG_JSON NAME... separated by --
# Writes a docker archive with no engine. Layers are referred to by path and shared between images.
archive() {
  local file=$1 list= a; shift
  a=$(mktemp -d "$CACHE/archive.XXXX")
  while [ $# -gt 0 ]; do
    local layers=$1 config=$2 names= ids= paths= l sha; shift 2
    while [ $# -gt 0 ] && [ "$1" != -- ]; do names+=${names:+,}\"$1\"; shift; done
    [ $# -gt 0 ] && shift
    for l in ${layers//,/ }; do
      [ -s "$l.sha256" ] && [ "$l.sha256" -nt "$l" ] || sha256sum "$l" | cut -d' ' -f1 >"$l.sha256"
      sha=$(cat "$l.sha256")
      ln -sf "$l" "$a/$sha.tar"
      ids+=${ids:+,}\"sha256:$sha\"; paths+=${paths:+,}\"$sha.tar\"
    done
    printf '{"architecture":"%s","os":"linux","config":%s,"rootfs":{"type":"layers","diff_ids":[%s]}}' "$(arch)" "$config" "$ids" >"$a/config.json"
    sha=$(sha256sum <"$a/config.json" | cut -d' ' -f1)
    mv "$a/config.json" "$a/$sha.json"
    list+=${list:+,}"{\"Config\":\"$sha.json\",\"RepoTags\":[$names],\"Layers\":[$paths]}"
  done
  echo "[$list]" >"$a/manifest.json"
  mkdir -p "$(dirname "$file")"
  tar -C "$a" --dereference --sort=name -cf "$file.$$" .
  mv "$file.$$" "$file"; rm -rf "$a"
}
arch() { case $(uname -m) in aarch64 | arm64) echo arm64 ;; *) echo amd64 ;; esac; }
# layer FILE FOLDER: a deterministic layer of a folder
layer() { tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -C "$2" -cf "$1.$$" . && mv "$1.$$" "$1"; }
