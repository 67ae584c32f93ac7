#!/usr/bin/env bash
# Installs, upgrades, removes and purges the package in a fresh Debian: try-in-debian.sh SUITE
# Needs root, debootstrap, and the packages that build.sh made.
set -euo pipefail
cd "$(dirname "$0")/.."
suite=$1
package=$(realpath target/package/*.deb)
root=$(mktemp --directory)
trap 'umount --quiet "$root/proc" || true; rm --recursive --force --one-file-system "$root"' EXIT
debootstrap --variant=minbase --include=ca-certificates,passwd "$suite" "$root" >"$root.log"
mount --types proc proc "$root/proc"

inside() {
    chroot "$root" env DEBIAN_FRONTEND=noninteractive LANG=C.UTF-8 "$@"
}

# holds WHAT COMMAND...
holds() {
    inside sh -c "$2" >/dev/null 2>&1 || { echo "$suite: $1 does not hold: $2" >&2; exit 1; }
    echo "$suite: $1"
}

# The same package under an older number stands for the version before.
dpkg-deb --raw-extract "$package" "$root/before"
sed --in-place 's/^Version: .*/Version: 0.0.1-1/' "$root/before/DEBIAN/control"
dpkg-deb --root-owner-group --build "$root/before" "$root/before.deb" >/dev/null
cp "$package" "$root/now.deb"

inside dpkg --install /before.deb >/dev/null
holds "the program runs" "ecvi-b24 --version"
holds "the manual and the completion are there" \
    "test -e /usr/share/man/man1/ecvi-b24.1.gz && test -s /usr/share/bash-completion/completions/ecvi-b24"
holds "the configuration is for its group alone" "stat -c %a:%U:%G /etc/ecvi-b24.toml | grep -x 640:root:ecvi-b24"
holds "the state's folder is its user's alone" "stat -c %a:%U:%G /var/lib/ecvi-b24 | grep -x 700:ecvi-b24:ecvi-b24"
holds "the user may share the mirror's folder" "id -nG ecvi-b24 | grep -w ecvi-mirror"

echo '# an administrator was here' >>"$root/etc/ecvi-b24.toml"
echo 'a state' >"$root/var/lib/ecvi-b24/state.db"
inside dpkg --install /now.deb >/dev/null
holds "an upgrade keeps the configuration" "grep 'an administrator was here' /etc/ecvi-b24.toml"
holds "an upgrade keeps the state" "grep 'a state' /var/lib/ecvi-b24/state.db"

inside dpkg --remove ecvi-b24 >/dev/null
holds "removal takes the program" "! test -e /usr/bin/ecvi-b24"
holds "removal keeps configuration and state" "test -e /etc/ecvi-b24.toml && test -e /var/lib/ecvi-b24/state.db"
inside dpkg --install /now.deb >/dev/null
holds "what was kept is there again" "grep 'an administrator was here' /etc/ecvi-b24.toml"
inside dpkg --purge ecvi-b24 >/dev/null
holds "purging takes all" "! ls -d /etc/ecvi-b24.toml /var/lib/ecvi-b24 /var/log/ecvi-b24 2>&1"

# The rpm's scripts, as far as a Debian can run them: its dependencies have other names there.
cp target/package/*.rpm "$root/now.rpm"
inside sh -c 'apt-get update && apt-get install --yes --no-install-recommends rpm' >/dev/null 2>&1
inside rpm --install --nodeps --noplugins /now.rpm
holds "the rpm's program runs" "ecvi-b24 --version"
holds "the rpm's configuration is for its group alone" "stat -c %a:%G /etc/ecvi-b24.toml | grep -x 640:ecvi-b24"
inside rpm --erase --noplugins ecvi-b24
holds "erasing the rpm keeps the configuration" "! test -e /usr/bin/ecvi-b24 && test -e /etc/ecvi-b24.toml"

# The archive, unpacked by hand.
cp target/package/*.tar.gz "$root/now.tar.gz"
inside rm /etc/ecvi-b24.toml
inside sh -c 'tar --extract --no-overwrite-dir --file /now.tar.gz --directory / && /usr/lib/ecvi-b24/set-up'
holds "the archive's program runs" "ecvi-b24 --version"
holds "the archive's configuration is for its group alone" "stat -c %a:%G /etc/ecvi-b24.toml | grep -x 640:ecvi-b24"
