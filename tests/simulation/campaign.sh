#!/usr/bin/env bash
# Plays many histories of one commit, in pieces, and writes down what was played.
#
#   tests/simulation/campaign.sh [RECORD [HISTORIES [PIECE]]]
#
# RECORD gets one line for each finished piece: the commit, the first and the last seed, the seconds. Stopped at any
# moment and started again, it goes on behind the last finished piece. It refuses a working tree that differs from its
# commit, and a record that was begun at another commit: a release is played in one version.
set -euo pipefail
record=$(realpath -m "${1:-target/campaign.tsv}")
histories=${2:-1000000}
piece=${3:-10000}
cd "$(dirname "$0")/../.."

refuse() {
    echo "campaign: $1" >&2
    exit 2
}

for count in "$histories" "$piece"; do
    [[ $count =~ ^[1-9][0-9]*$ ]] || refuse "$count is no number of histories"
done
[[ -z $(git status --porcelain) ]] || refuse "the working tree differs from its commit"
commit=$(git rev-parse HEAD)
mkdir -p "$(dirname "$record")"
# Two campaigns with one record would play the same pieces.
exec 9>>"$record"
flock --nonblock 9 || refuse "another campaign is writing $record"
others=$(cut -f 1 "$record" | grep --invert-match --line-regexp --fixed-strings "$commit" || true)
[[ -z $others ]] || refuse "$record was begun at the commit ${others%%$'\n'*}, and this is $commit"

last=$(tail -n 1 "$record" | cut -f 3)
first=$((${last:-0} + 1))
while ((first <= histories)); do
    count=$((histories - first + 1 < piece ? histories - first + 1 : piece))
    # The tree may have been edited meanwhile, and cargo would build what it finds.
    [[ -z $(git status --porcelain) && $(git rev-parse HEAD) == "$commit" ]] || refuse "the working tree changed"
    began=$SECONDS
    SIMULATION_FIRST=$first SIMULATION_HISTORIES=$count \
        cargo test --quiet --profile campaign --locked --test simulation random_histories_keep_the_promises
    printf '%s\t%d\t%d\t%d\n' "$commit" "$first" "$((first + count - 1))" "$((SECONDS - began))" >&9
    first=$((first + count))
done
awk -F '\t' '{ played += $3 - $2 + 1; seconds += $4 }
    END { printf "%d histories of %s in %d s, nothing found\n", played, $1, seconds }' "$record"
