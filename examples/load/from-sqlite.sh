#!/bin/sh
# Reports from a nightly dump of Ecvi as SQLite: from-sqlite.sh DUMP FOLDER. Adapt tables and columns to the dump.
# The headings are the mirror's columns, so that [load.files] alone is needed.
set -eu
dump=$1 folder=$2

# Each report is written beside the old one and moved into its place: no run sees half of it.
report() {
    sqlite3 -readonly -csv -header "$dump" "$2" >"$folder/$1.new"
    mv "$folder/$1.new" "$folder/$1"
}

report guests.csv "SELECT id, surname AS last_name, name AS first_name, patronymic AS middle_name,
    birthday AS birth_date, phone, email FROM persons"
report companies.csv "SELECT id, name, phone FROM firms"
report bookings.csv "SELECT id, number, state AS status, arrival, departure, price AS amount,
    person_id AS guest_id, firm_id AS company_id FROM orders"
