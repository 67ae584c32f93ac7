CREATE TABLE guests (
  id INTEGER PRIMARY KEY, last_name TEXT, first_name TEXT, middle_name TEXT, birth_date TEXT, phone TEXT,
  email TEXT, country TEXT, region TEXT, city TEXT, sex TEXT, comment TEXT, is_vip INTEGER NOT NULL DEFAULT 0,
  is_blacklisted INTEGER NOT NULL DEFAULT 0, modified_at TEXT NOT NULL, crm_id INTEGER
);
CREATE TABLE companies (
  id INTEGER PRIMARY KEY, name TEXT, address TEXT, city TEXT, country TEXT, postal_code TEXT, phone TEXT,
  email TEXT, comment TEXT, modified_at TEXT NOT NULL, crm_id INTEGER
);
CREATE TABLE bookings (
  id INTEGER PRIMARY KEY, number TEXT NOT NULL, status TEXT NOT NULL, arrival TEXT NOT NULL,
  departure TEXT NOT NULL, amount TEXT, comment TEXT, guest_id INTEGER, company_id INTEGER,
  payer_company_id INTEGER, modified_at TEXT NOT NULL, crm_id INTEGER
);
CREATE TABLE booking_guests (
  booking_id INTEGER NOT NULL, guest_id INTEGER NOT NULL, room TEXT, position INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (booking_id, guest_id)
);
INSERT INTO guests (id, last_name, first_name, phone, email, country, city, sex, modified_at) VALUES
  (41, 'Приходько', 'Анна', '+79000000041', 'anna@example.org', 'Россия', 'Псков', 'F', '2026-01-01 10:00:00'),
  (42, 'Сидоров', 'Пётр', '+79000000042;+79000000142', 'petr@@example', 'Россия', 'Тверь', 'M', '2026-01-01 10:00:00'),
  (43, 'Иванова', 'Ольга', NULL, NULL, NULL, NULL, 'F', '2026-01-01 10:00:00');
INSERT INTO companies (id, name, city, phone, modified_at) VALUES
  (7, 'Ромашка', 'Псков', '+78110000000', '2026-01-01 10:00:00');
INSERT INTO bookings (id, number, status, arrival, departure, amount, guest_id, company_id, modified_at) VALUES
  (5, '3682', 'confirmed', '2026-05-20 12:00', '2026-05-29 12:00', '13050.00', 42, 7, '2026-01-01 10:00:00'),
  (6, '3683', 'temporary', '2026-06-01 14:00', '2026-06-02 12:00', '2500.00', 43, NULL, '2026-01-01 10:00:00'),
  (8, '3690', 'cancelled', '2026-07-01 14:00', '2026-07-02 12:00', NULL, 41, NULL, '2026-01-01 10:00:00');
INSERT INTO booking_guests (booking_id, guest_id, position) VALUES (5, 42, 0), (5, 41, 1), (6, 43, 0), (8, 41, 0);
