-- A mirror that shows views only, and half the columns: no region, sex, marks, room, position, crm_id...
CREATE TABLE people (pid INTEGER PRIMARY KEY, surname TEXT, given TEXT, patronymic TEXT, born TEXT, tel TEXT, mail TEXT, note TEXT, changed TEXT);
CREATE TABLE firms (fid INTEGER PRIMARY KEY, title TEXT, tel TEXT, mail TEXT, changed TEXT);
CREATE TABLE stays (
  sid INTEGER PRIMARY KEY, no TEXT, state TEXT, since TEXT, until TEXT, total TEXT, note TEXT, pid INTEGER, fid INTEGER,
  payer INTEGER, changed TEXT
);
CREATE TABLE beds (sid INTEGER, pid INTEGER);
CREATE VIEW guests AS
  SELECT pid AS id, surname AS last_name, given AS first_name, patronymic AS middle_name, born AS birth_date, tel AS phone,
         mail AS email, note AS comment, changed AS modified_at
  FROM people;
CREATE VIEW companies AS
  SELECT fid AS id, title AS name, tel AS phone, mail AS email, changed AS modified_at FROM firms;
CREATE VIEW bookings AS
  SELECT sid AS id, no AS number, state AS status, since AS arrival, until AS departure, total AS amount, note AS comment,
         pid AS guest_id, fid AS company_id, payer AS payer_company_id, changed AS modified_at
  FROM stays;
CREATE VIEW booking_guests AS SELECT sid AS booking_id, pid AS guest_id FROM beds;
INSERT INTO people VALUES
  (1, 'Приходько', 'Анна', 'Сергеевна', '1985-03-14', '+7 900 123-45-67', 'anna@example.ru', 'Просит тихий номер', '2026-05-01 10:00:00'),
  (2, 'Орлов', 'Пётр', NULL, NULL, '8 (900) 765-43-21; +7 900 765-43-22', NULL, NULL, '2026-05-01 10:05:00'),
  (3, 'Müller', 'Hans', NULL, '1970-12-01', NULL, 'hans@example.de', 'Zimmer <12> [Balkon]', '2026-05-02 09:00:00'),
  (4, 'Зуева', NULL, NULL, NULL, '+79001112233', NULL, 'Не заплатила в 2024', '2026-05-02 09:30:00'),
  (5, 'Приходько', 'Иван', NULL, '2015-06-02', NULL, NULL, NULL, '2026-05-03 12:00:00');
INSERT INTO firms VALUES
  (1, 'ООО «Ромашка»', '+7 3812 11-22-33', 'office@romashka.example', '2026-05-01 08:00:00'),
  (2, 'Турагентство «Вокруг»', NULL, 'tours@vokrug.example', '2026-05-01 08:10:00');
INSERT INTO stays VALUES
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
INSERT INTO beds VALUES
  (101, 1),
  (102, 2),
  (103, 3),
  (104, 4),
  (107, 1),
  (107, 2),
  (107, 3),
  (107, 4),
  (108, 5),
  (109, 3);
