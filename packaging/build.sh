#!/usr/bin/env bash
# Builds the package for Debian and Ubuntu; it comes to lie in target/debian/. Needs cargo-deb and python3.
set -euo pipefail
cd "$(dirname "$0")/.."
export CARGO_TARGET_DIR=target
cargo build --release --locked
out=target/package
rm -rf "$out" && mkdir -p "$out"
program=target/release/ecvi-b24
"$program" man >"$out/ecvi-b24.1"
for command in sync initial-export status reset-id init check retry audit load config; do
    "$program" man "$command" >"$out/ecvi-b24-$command.1"
done
"$program" completions bash >"$out/ecvi-b24.bash"
"$program" completions zsh >"$out/_ecvi-b24"
"$program" completions fish >"$out/ecvi-b24.fish"
packaging/notices.py >"$out/THIRD-PARTY-NOTICES.txt"
cargo deb --no-build --locked "$@"
