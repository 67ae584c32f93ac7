#!/bin/sh
# Reports from MySQL or MariaDB: from-mysql.sh DATABASE FOLDER. Adapt tables and columns. The password stands in
# ~/.my.cnf, which its user alone may read.
set -eu
database=$1 folder=$2

# The client writes tabs between the values, the word NULL for none, and \n for a line break: so there are none of these.
# Each report is written beside the old one and moved into its place: no run sees half of it.
report() {
    mysql --batch --default-character-set=utf8mb4 --execute "$2" "$database" >"$folder/$1.new"
    mv "$folder/$1.new" "$folder/$1"
}

report guests.csv "SELECT id, IFNULL(surname, '') AS last_name, IFNULL(name, '') AS first_name,
    IFNULL(patronymic, '') AS middle_name, IFNULL(DATE_FORMAT(birthday, '%Y-%m-%d'), '') AS birth_date,
    IFNULL(phone, '') AS phone, IFNULL(email, '') AS email FROM persons"
report companies.csv "SELECT id, IFNULL(name, '') AS name, IFNULL(phone, '') AS phone FROM firms"
report bookings.csv "SELECT id, number, state AS status, DATE_FORMAT(arrival, '%Y-%m-%d %H:%i') AS arrival,
    DATE_FORMAT(departure, '%Y-%m-%d %H:%i') AS departure, IFNULL(price, '') AS amount,
    IFNULL(person_id, '') AS guest_id, IFNULL(firm_id, '') AS company_id FROM orders"
