#!/usr/bin/env bash
# Lays out the files that all packages install: stage.sh PROGRAM FOLDER
set -euo pipefail
program=$(realpath "$1")
root=$(realpath --canonicalize-missing "$2")
cd "$(dirname "$0")/.."
rm -rf "$root"

# put MODE FOLDER FILE...
put() {
    install -D --mode="$1" --target-directory="$root/usr/$2" "${@:3}"
}

# made FOLDER/FILE: what the standard input says
made() {
    mkdir -p "$(dirname "$root/usr/$1")"
    cat >"$root/usr/$1"
}

put 755 bin "$program"
put 755 lib/ecvi-b24 packaging/set-up
put 644 lib/systemd/system packaging/systemd/*
put 644 share/ecvi-b24 packaging/ecvi-b24.toml

# page LOCALE FOLDER [COMMAND]: the program's page of the manual, or that of a command
page() {
    LC_ALL="$1" "$program" man ${3:+"$3"} | made "share/man/$2/ecvi-b24${3:+-$3}.1"
}

page C man1
page ru_RU.UTF-8 ru/man1
for command in sync initial-export status reset-id init check retry audit load config; do
    page C man1 "$command"
    page ru_RU.UTF-8 ru/man1 "$command"
done
"$program" completions bash | made share/bash-completion/completions/ecvi-b24
"$program" completions fish | made share/fish/vendor_completions.d/ecvi-b24.fish
# Debian's zsh looks into the first folder, others into the second one.
"$program" completions zsh | made share/zsh/vendor-completions/_ecvi-b24
"$program" completions zsh | made share/zsh/site-functions/_ecvi-b24

# Documents lie as in the repository, so that links between them lead somewhere.
documents=share/doc/ecvi-b24
put 644 "$documents" ./*.md
put 644 "$documents/docs" docs/*.md
put 644 "$documents/docs/decisions" docs/decisions/*
put 644 "$documents/docs/pictures" docs/pictures/*
put 644 "$documents/fixtures" fixtures/schema.sql
put 644 "$documents/examples" examples/ecvi-b24.toml packaging/examples/*
put 644 "$documents/examples/sandbox" examples/sandbox/README.md
put 644 "$documents/examples/load" examples/load/*.toml
put 755 "$documents/examples/load" examples/load/*.sh
put 644 "$documents/examples/load/reports" examples/load/reports/*
for hotel in examples/hotels/*/; do
    put 644 "$documents/$hotel" "$hotel"*
done
put 644 "$documents" LICENSE
packaging/notices.py | made "$documents/THIRD-PARTY-NOTICES.txt"
