#!/usr/bin/env bash
# Makes the picture of the status page anew: a small hotel before the sandbox, with a week of runs
# that are invented, and a booking that cannot be read. Needs Chromium, sqlite3 and pngquant.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --locked --bin ecvi-b24 --example sandbox
built=$PWD/${CARGO_TARGET_DIR:-target}/debug
picture=$PWD/docs/pictures/status-page.png
folder=$(mktemp -d)
"$built/examples/sandbox" --port 8026 --unlimited >"$folder/webhook" &
sandbox=$!
trap 'kill "$sandbox"; rm -rf "$folder"' EXIT
until grep -q webhook "$folder/webhook"; do sleep 0.2; done

cat fixtures/schema.sql fixtures/hotel.sql | sqlite3 "$folder/mirror.db"
{
    printf 'language = "ru"\nmirror.path = "mirror.db"\n'
    printf 'monitoring.status_page = "page.html"\nportal.'
    grep webhook "$folder/webhook"
} >"$folder/ecvi-b24.toml"
chmod 0600 "$folder/ecvi-b24.toml"
cd "$folder"
"$built/ecvi-b24" initial-export >/dev/null 2>&1
sqlite3 mirror.db "UPDATE bookings SET status = '7', modified_at = '2027' WHERE id = 101"
sqlite3 state.db "
    WITH RECURSIVE ago(minutes) AS (SELECT 8 * 1440 UNION ALL SELECT minutes - 3 FROM ago WHERE minutes > 3),
    run(id, at, busy) AS (SELECT 1000000 - minutes, datetime('now', -minutes || ' minutes'),
        abs(random() % 100) < CASE WHEN strftime('%H', 'now', -minutes || ' minutes') BETWEEN '05' AND '19'
            THEN 60 ELSE 8 END FROM ago)
    INSERT INTO runs (id, command, started_at, finished_at, outcome, counts, requests)
    SELECT id, 'sync', replace(at, ' ', 'T') || 'Z', replace(at, ' ', 'T') || 'Z', 'ok',
        json_object('created', json('[1,0,1]'), 'updated', json('[0,0,1]'), 'deleted', 0, 'failed', 0),
        3 FROM run WHERE busy
    UNION ALL
    SELECT id, 'sync', replace(at, ' ', 'T') || 'Z', replace(at, ' ', 'T') || 'Z', 'ok',
        json_object('created', json('[0,0,0]'), 'updated', json('[0,0,0]'), 'deleted', 0, 'failed', 0),
        0 FROM run WHERE NOT busy ORDER BY 1;"
"$built/ecvi-b24" sync >/dev/null 2>&1 || true

# The address of a portal as hotels have it.
sed -i 's/127\.0\.0\.1:8026/hotel.bitrix24.ru/' page.html
chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --window-size=900,1510 \
    --screenshot="$picture" "file://$folder/page.html"
pngquant --force --ext .png 64 "$picture"
