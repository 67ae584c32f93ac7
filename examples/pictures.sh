#!/usr/bin/env bash
# Makes the pictures of the README anew: the terminal's from what the program says (their test keeps them true), the
# status page from a run, the card of a deal from the page of the sandbox. Needs Chromium, sqlite3, and pngquant, which
# makes their files small.
set -euo pipefail
cd "$(dirname "$0")/.."
UPDATE_DOCS=1 cargo test --locked --test docs pictures
examples/status-page.sh

cargo build --locked --example demo
page=$(mktemp)
"${CARGO_TARGET_DIR:-target}/debug/examples/demo" --stay >"$page" &
demo=$!
trap 'kill "$demo"; rm -f "$page"' EXIT
until grep -q http://127.0.0.1: "$page"; do
    kill -0 "$demo"
    sleep 0.2
done
address=$(grep -o 'http://127.0.0.1:[0-9]*/' "$page")
card=$(curl -s "$address" | grep -o '/crm/deal/details/[0-9]*/">Заявка №3682' | grep -o '[0-9]*/"' | tr -d '/"')
chromium --headless --no-sandbox --hide-scrollbars --window-size=900,700 \
    --screenshot=docs/pictures/deal.png "${address}crm/deal/details/$card/"
pngquant --force --ext .png 64 docs/pictures/deal.png
