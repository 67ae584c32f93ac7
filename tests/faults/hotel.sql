-- A couple, the company that pays for one of them, a stay to come and one that is over.
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
INSERT INTO guests (id, last_name, first_name, birth_date, phone, email, city, sex, modified_at) VALUES
  (41, 'Приходько', 'Анна', '1980-02-29', '+79161112233', 'anna@example.ru', 'Тверь', 'F', '2026-05-01 10:00:00'),
  (42, 'Лебедев', 'Пётр', NULL, '+79164445566', 'petr@example.ru', NULL, 'M', '2026-05-01 10:00:00');
INSERT INTO companies (id, name, phone, modified_at) VALUES (7, 'Ромашка', '+74951234567', '2026-05-01 10:00:00');
INSERT INTO bookings
  (id, number, status, arrival, departure, amount, comment, guest_id, company_id, modified_at) VALUES
  (5, '3682', 'confirmed', '2026-06-20 12:00', '2026-06-29 12:00', '13050.00', 'вид на море', 41, 7,
   '2026-05-02 10:00:00'),
  (6, '3683', 'checked_out', '2026-04-01 12:00', '2026-04-03 12:00', '4000.00', NULL, 42, NULL,
   '2026-05-02 10:00:00');
INSERT INTO booking_guests (booking_id, guest_id, position) VALUES (5, 41, 1), (5, 42, 2), (6, 42, 1);
