#!/usr/bin/env bash
# Says which glibc a program needs; fails where that is newer than LIMIT: needs-glibc.sh PROGRAM LIMIT
set -euo pipefail
needed=$(objdump --dynamic-syms "$1" | grep --only-matching 'GLIBC_[0-9.]*' | sort --version-sort | tail --lines=1)
needed=${needed#GLIBC_}
echo "$1 needs glibc $needed"
newest=$(printf '%s\n%s\n' "$needed" "$2" | sort --version-sort | tail --lines=1)
if [ "$newest" != "$2" ]; then
    echo "only $2 is allowed: that is what the oldest distribution has on which the packages run" >&2
    exit 1
fi
