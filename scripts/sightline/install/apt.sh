#!/bin/sh
# Install Debian packages without any of them starting or enabling a service.
# Runs as root: sh apt.sh PACKAGE…
set -eu

export DEBIAN_FRONTEND=noninteractive
POLICY=/usr/sbin/policy-rc.d
KEPT=$POLICY.before-sightline
DROPIN=/etc/postgresql-common/createcluster.d/sightline.conf
WERE_HERE=" $(for program in redis-server caddy; do command -v "$program" || true; done) "

# Two checkouts may install at the same moment.
exec 9>/run/sightline-install.lock
flock 9

restore() {
    rm -f "$DROPIN"
    if [ -e "$KEPT" ]; then mv -f "$KEPT" "$POLICY"; else rm -f "$POLICY"; fi
}
# An earlier run may have been killed in the middle.
if [ -e "$KEPT" ]; then mv -f "$KEPT" "$POLICY"; fi

# From here to the end, however it ends: nothing may start a service …
if [ -e "$POLICY" ] || [ -L "$POLICY" ]; then cp -a "$POLICY" "$KEPT"; fi
trap restore EXIT
trap 'exit 130' INT TERM HUP
rm -f "$POLICY"
printf '#!/bin/sh\nexit 101\n' > "$POLICY"
chmod 755 "$POLICY"
# … and PostgreSQL's packages make no cluster.
mkdir -p "${DROPIN%/*}"
printf 'create_main_cluster = false\n' > "$DROPIN"

# Stale lists are the usual reason for a failure; no network is the other, and then
# what is in the cache may still do.
apt-get -q -o DPkg::Lock::Timeout=300 update || echo "apt-get update failed; trying with the lists at hand"
apt-get -q -y -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold \
    install --no-install-recommends "$@"

# These packages enable their services for the next boot; ours are private ones.
if command -v systemctl >/dev/null 2>&1; then
    for program in redis-server caddy; do
        case "$WERE_HERE" in
        */"$program"[[:space:]]*) ;;
        *) systemctl disable "$program.service" >/dev/null 2>&1 || true ;;
        esac
    done
fi
