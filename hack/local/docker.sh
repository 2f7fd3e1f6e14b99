# docker.sh: sourced; makes sure that a docker engine runs and sets ENGINE:
#   yours  the machine's own engine, used as it is
#   own    one of ours (Debian as root): its data lies in the cache folder, and
#          nothing that its containers send can leave this machine
# LOCAL_NET (16..31) picks the network of our own engine, 172.$LOCAL_NET.0.0/24,
# so that two of them fit into one network namespace.
LOCAL_NET=${LOCAL_NET:-29}
own=$CACHE/docker
own_running() { DOCKER_HOST=unix://$own/docker.sock docker version >/dev/null 2>&1; }
docker_up() {
  ENGINE=own
  if command -v docker >/dev/null; then
    if own_running; then export DOCKER_HOST=unix://$own/docker.sock; return; fi
    if docker version >/dev/null 2>&1; then ENGINE=yours; return; fi
  fi
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    die "no docker engine answers. Install and start Docker (https://docs.docker.com/engine/install/), or on Debian run: sudo apt-get install docker.io && sudo systemctl start docker — then run this again"
  fi
  export DOCKER_HOST=unix://$own/docker.sock
  apt_has dockerd docker.io iptables
  apt_has iptables iptables
  local t runc; t=$(now)
  mkdir -p "$own/data" "$own/exec"
  sysctl -qw fs.inotify.max_user_instances=8192 fs.inotify.max_user_watches=524288
  runc=$(gobuild runcless)
  say "starting a docker engine of our own (data in $own)"
  # the lock that this script may hold must not live on in the engine
  setsid nohup dockerd --add-runtime "less=$runc" --default-runtime less --data-root "$own/data" --exec-root "$own/exec" -H "$DOCKER_HOST" -p "$own/docker.pid" \
    --ip-masq=false --dns 127.0.0.1 >"$own/log" 2>&1 </dev/null 9>&- &
  until_ok 60 docker version || { tail -n 5 "$own/log" >&2; die "dockerd did not start: see $own/log"; }
  took "docker engine up" "$t"
}
# The network that kind uses. With our own engine it is made beforehand: no
# masquerade, and what would be forwarded out of it is refused.
docker_net() {
  [ "$ENGINE" = own ] || return 0
  docker network inspect kind >/dev/null 2>&1 || docker network create -d bridge --subnet "172.$LOCAL_NET.0.0/24" --gateway "172.$LOCAL_NET.0.1" \
    -o com.docker.network.bridge.name="mgkind$LOCAL_NET" -o com.docker.network.bridge.enable_ip_masquerade=false kind >/dev/null
  local bridge; bridge=$(docker network inspect kind -f '{{index .Options "com.docker.network.bridge.name"}}')
  [ -n "$bridge" ] || die "docker has a network called kind that we did not make: remove it (docker network rm kind)"
  local rule=(DOCKER-USER -i "$bridge" '!' -o "$bridge" -j REJECT)
  iptables -C "${rule[@]}" 2>/dev/null || iptables -I "${rule[@]}"
  keep_inside
}
docker_down() {
  [ "$ENGINE" = own ] || return 0
  local p; p=$(cat "$own/docker.pid" 2>/dev/null) || return 0
  kill "$p" 2>/dev/null || true
  for _ in $(seq 150); do [ -e "$own/docker.pid" ] || break; sleep 0.1; done
  umount "$own/data" 2>/dev/null || true # the engine leaves it mounted on itself
}
docker_up
