#!/usr/bin/env bash
# Builds the packages from one program: a deb, an rpm and an archive come to lie in target/package/.
#
# Needs python3 and binutils, and
#   pip install ziglang cargo-zigbuild
#   cargo install --locked cargo-deb cargo-generate-rpm
set -euo pipefail
cd "$(dirname "$0")/.."
export CARGO_TARGET_DIR=target
# The glibc of Debian 10; Ubuntu 20.04, Astra Linux 1.7, RED OS 7, ALT 10 and AlmaLinux 8 have this one or a newer one.
glibc=2.28
target=x86_64-unknown-linux-gnu
cargo zigbuild --release --locked --target "$target.$glibc" --bin ecvi-b24
program=target/$target/release/ecvi-b24
packaging/needs-glibc.sh "$program" "$glibc"

out=target/package
rm -rf "$out"
packaging/stage.sh "$program" "$out/files"
when=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
version=$("$program" --version | cut --delimiter=' ' --fields=2)
# Debian's own form; what changed stands in CHANGELOG.md.
cat >"$out/changelog" <<END
ecvi-b24 ($version-1) unstable; urgency=medium

  * See CHANGELOG.md.

 -- The ecvi-b24 contributors <ecvi-b24@example.org>  $(date --rfc-email --date="@$when")
END
cargo deb --no-build --no-strip --locked --target "$target" --output "$out/"
# gzip: the oldest of these distributions cannot unpack anything newer.
cargo generate-rpm --target "$target" --payload-compress gzip --output "$out/"
# The archive is the same, whoever packs it, and whenever.
tar --create --gzip --file="$out/ecvi-b24-$version-x86_64-linux.tar.gz" --directory="$out/files" \
    --owner=0 --group=0 --sort=name --mtime="@$when" usr
(cd "$out" && sha256sum -- *.deb *.rpm *.tar.gz | tee SHA256SUMS)
