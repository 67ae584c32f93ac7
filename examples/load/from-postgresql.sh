#!/bin/sh
# Reports from PostgreSQL: from-postgresql.sh DATABASE FOLDER, psql 12 or newer. Adapt tables and columns. The password
# stands in ~/.pgpass, which its user alone may read.
set -eu
database=$1 folder=$2

# Each report is written beside the old one and moved into its place: no run sees half of it.
report() {
    psql --no-psqlrc --quiet --csv --dbname "$database" --command "$2" >"$folder/$1.new"
    mv "$folder/$1.new" "$folder/$1"
}

report guests.csv "SELECT id, surname AS last_name, name AS first_name, patronymic AS middle_name,
    to_char(birthday, 'YYYY-MM-DD') AS birth_date, phone, email FROM persons"
report companies.csv "SELECT id, name, phone FROM firms"
report bookings.csv "SELECT id, number, state AS status, to_char(arrival, 'YYYY-MM-DD HH24:MI') AS arrival,
    to_char(departure, 'YYYY-MM-DD HH24:MI') AS departure, price AS amount, person_id AS guest_id,
    firm_id AS company_id FROM orders"
