-- A small mirror: one guest, one company, one booking.
CREATE TABLE guests (
  id INTEGER PRIMARY KEY, last_name TEXT, first_name TEXT, middle_name TEXT, birth_date TEXT, phone TEXT, email TEXT,
  country TEXT, region TEXT, city TEXT, sex TEXT, comment TEXT, is_vip INTEGER NOT NULL DEFAULT 0,
  is_blacklisted INTEGER NOT NULL DEFAULT 0, modified_at TEXT NOT NULL, crm_id INTEGER
);
CREATE TABLE companies (
  id INTEGER PRIMARY KEY, name TEXT, address TEXT, city TEXT, country TEXT, postal_code TEXT, phone TEXT, email TEXT,
  comment TEXT, modified_at TEXT NOT NULL, crm_id INTEGER
);
CREATE TABLE bookings (
  id INTEGER PRIMARY KEY, number TEXT NOT NULL, status TEXT NOT NULL, arrival TEXT NOT NULL, departure TEXT NOT NULL,
  amount TEXT, comment TEXT, guest_id INTEGER, company_id INTEGER, payer_company_id INTEGER,
  modified_at TEXT NOT NULL, crm_id INTEGER
);
CREATE TABLE booking_guests (
  booking_id INTEGER NOT NULL, guest_id INTEGER NOT NULL, room TEXT, position INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (booking_id, guest_id)
);
INSERT INTO guests (id, last_name, modified_at) VALUES (1, 'Приходько', '2020-05-01 10:00:00');
INSERT INTO companies (id, name, modified_at) VALUES (1, 'Ромашка', '2020-05-01 10:00:00');
INSERT INTO bookings (id, number, status, arrival, departure, guest_id, modified_at)
  VALUES (3682, '3682', 'confirmed', '2020-05-20 12:00', '2020-05-29 12:00', 1, '2020-05-02 10:00:00');
