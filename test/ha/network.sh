#!/usr/bin/env bash
# Runs a command in a network of its own that looks like that of Home Assistant OS: nothing goes in or out, and
#   172.30.32.1   core, and add-ons with host_network        172.30.32.2   the Supervisor
#   192.168.77.2  the same machine on its LAN
# stand on a real (veth) interface, so that ICE finds addresses that are not loopback.
#   network.sh COMMAND [ARGUMENT ...]
set -euo pipefail
if [ "${1:-}" != --inside ]; then
  flags=(--net --mount --pid --fork --mount-proc --kill-child)
  [ "$(id -u)" = 0 ] || flags+=(--map-root-user)
  exec unshare "${flags[@]}" -- "$0" --inside "$@"
fi
shift
ip link set lo up
ip link add home type veth peer name home-end
for address in 192.168.77.2/24 172.30.32.1/23 172.30.32.2/23; do ip address add "$address" dev home; done
ip link set home up
ip link set home-end up
ip route add default dev home src 192.168.77.2
hosts=$(mktemp)
{ cat /etc/hosts; echo '172.30.32.2 supervisor hassio'; echo '127.0.0.1 core-mosquitto'; } > "$hosts"
# the add-on reads it as a user of its own
chmod 644 "$hosts"
mount --bind "$hosts" /etc/hosts
export PORTHOLE_TEST_NETWORK=1
exec "$@"
