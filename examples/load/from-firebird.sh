#!/bin/sh
# Reports from Firebird: from-firebird.sh DATABASE FOLDER. Adapt tables and columns. User and password are taken from
# ISC_USER and ISC_PASSWORD. On some systems the client is called isql-fb, on others isql.
set -eu
database=$1 folder=$2
client=$(command -v isql-fb || command -v isql)

# The client knows no CSV: each row is put together as one text, its values in quotes.
# Each report is written beside the old one and moved into its place: no run sees half of it.
report() {
    {
        echo "$2"
        printf 'SET HEADING OFF;\n%s;\n' "$3" | "$client" -quiet -charset UTF8 "$database"
    } >"$folder/$1.new"
    mv "$folder/$1.new" "$folder/$1"
}

text() {
    printf "'\"' || REPLACE(COALESCE(%s, ''), '\"', '\"\"') || '\"'" "$1"
}

report guests.csv 'id;last_name;first_name;middle_name;birth_date;phone;email' \
    "SELECT id || ';' || $(text surname) || ';' || $(text name) || ';' || $(text patronymic) || ';' ||
     COALESCE(birthday, '') || ';' || $(text phone) || ';' || $(text email) FROM persons"
report companies.csv 'id;name;phone' "SELECT id || ';' || $(text name) || ';' || $(text phone) FROM firms"
report bookings.csv 'id;number;status;arrival;departure;amount;guest_id;company_id' \
    "SELECT id || ';' || $(text number) || ';' || $(text state) || ';' || SUBSTRING(arrival FROM 1 FOR 16) || ';' ||
     SUBSTRING(departure FROM 1 FOR 16) || ';' || COALESCE(price, '') || ';' || COALESCE(person_id, '') || ';' ||
     COALESCE(firm_id, '') FROM orders"
