-- The mirror as it is by default: the hotel of all these examples.
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
INSERT INTO guests (id, last_name, first_name, middle_name, birth_date, phone, email, country, region, city, sex, comment,
  is_vip, is_blacklisted, modified_at) VALUES
  (1, 'Приходько', 'Анна', 'Сергеевна', '1985-03-14', '+7 900 123-45-67', 'anna@example.ru', 'Россия', 'Омская область', 'Омск', 'F', 'Просит тихий номер', 1, 0, '2026-05-01 10:00:00'),
  (2, 'Орлов', 'Пётр', NULL, NULL, '8 (900) 765-43-21; +7 900 765-43-22', NULL, 'Россия', 'Тверская область', 'Тверь', 'M', NULL, 0, 0, '2026-05-01 10:05:00'),
  (3, 'Müller', 'Hans', NULL, '1970-12-01', NULL, 'hans@example.de', 'Deutschland', 'Hessen', 'Kassel', 'M', 'Zimmer <12> [Balkon]', 0, 0, '2026-05-02 09:00:00'),
  (4, 'Зуева', NULL, NULL, NULL, '+79001112233', NULL, NULL, NULL, NULL, NULL, 'Не заплатила в 2024', 0, 1, '2026-05-02 09:30:00'),
  (5, 'Приходько', 'Иван', NULL, '2015-06-02', NULL, NULL, NULL, NULL, NULL, 'M', NULL, 0, 0, '2026-05-03 12:00:00');
INSERT INTO companies (id, name, address, city, country, postal_code, phone, email, comment, modified_at) VALUES
  (1, 'ООО «Ромашка»', 'ул. Мира, 1', 'Омск', 'Россия', '644001', '+7 3812 11-22-33', 'office@romashka.example', 'Счёт по пятницам', '2026-05-01 08:00:00'),
  (2, 'Турагентство «Вокруг»', 'Невский пр., 5', 'Санкт-Петербург', 'Россия', '191186', NULL, 'tours@vokrug.example', NULL, '2026-05-01 08:10:00');
INSERT INTO bookings (id, number, status, arrival, departure, amount, comment, guest_id, company_id, payer_company_id,
  modified_at) VALUES
  (101, '3682', 'confirmed', '2026-05-20 12:00', '2026-05-29 12:00', '13050.00', 'Поздний заезд', 1, NULL, 1, '2026-05-04 10:00:00'),
  (102, '3683', 'temporary', '2026-06-01 14:00', '2026-06-03 12:00', '5400', '', 2, NULL, NULL, '2026-05-04 10:01:00'),
  (103, '3684', 'checked_in', '2026-05-02 14:00', '2026-05-12 12:00', '31000.50', NULL, 3, 2, 1, '2026-05-04 10:02:00'),
  (104, '3685', 'checked_out', '2026-04-10 14:00', '2026-04-12 12:00', '4100', NULL, 4, NULL, NULL, '2026-05-04 10:03:00'),
  (105, '3686', 'cancelled', '2026-05-15 14:00', '2026-05-16 12:00', '0', 'Отказ по телефону', 2, NULL, NULL, '2026-05-04 10:04:00'),
  (106, '3687', 'no_show', '2026-05-01 14:00', '2026-05-02 12:00', '2700', NULL, NULL, NULL, NULL, '2026-05-04 10:05:00'),
  (107, '3688', 'confirmed', '2026-07-01 14:00', '2026-07-08 12:00', '84000', 'Группа: два номера', 1, 1, 2, '2026-05-04 10:06:00'),
  (108, '3689', 'confirmed', '2026-07-10 14:00', '2026-07-11 12:00', '3500', NULL, 5, NULL, NULL, '2026-05-04 10:07:00'),
  (109, '3690', 'checked_out', '2025-12-30 14:00', '2026-01-04 12:00', '52000', 'С ёлкой', 3, NULL, NULL, '2026-05-04 10:08:00'),
  (110, '3691', 'temporary', '2026-08-01 14:00', '2026-08-02 12:00', NULL, NULL, NULL, 2, NULL, '2026-05-04 10:09:00');
INSERT INTO booking_guests (booking_id, guest_id, room, position) VALUES
  (101, 1, '12', 1),
  (102, 2, '14', 1),
  (103, 3, '15', 1),
  (104, 4, '12', 1),
  (107, 1, '21', 1),
  (107, 2, '21', 2),
  (107, 3, '22', 3),
  (107, 4, '22', 4),
  (108, 5, '12', 1),
  (109, 3, '15', 1);
