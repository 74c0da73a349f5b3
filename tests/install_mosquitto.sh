#!/bin/sh
# The tests talk to a real broker: bring Debian's, where we may.
set -eu
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "the tests need the Mosquitto broker; install it first: sudo apt install mosquitto" >&2
  exit 1
fi
echo "installing mosquitto" >&2
apt-get update -qq
# Its own service is not wanted: the tests start their own brokers on free ports.
policy=/usr/sbin/policy-rc.d
[ -e "$policy" ] || { printf '#!/bin/sh\nexit 101\n' >"$policy"; chmod +x "$policy"; made=1; }
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends mosquitto >/dev/null
[ -z "${made:-}" ] || rm "$policy"
