-- What this hotel's mirror has beside the default columns.
ALTER TABLE bookings ADD COLUMN tariff TEXT;
ALTER TABLE bookings ADD COLUMN meals TEXT;
ALTER TABLE bookings ADD COLUMN source TEXT;
ALTER TABLE guests ADD COLUMN loyalty_card TEXT;
UPDATE bookings SET tariff = 'Стандарт [без завтрака]', meals = 'Без питания', source = 'Звонок' WHERE id = 101;
UPDATE bookings SET tariff = 'Группа', meals = 'Завтрак, ужин', source = 'Веб-сайт' WHERE id = 107;
UPDATE bookings SET meals = 'Всё включено' WHERE id = 103;  -- the portal's list does not know it
UPDATE guests SET loyalty_card = 'A-100' WHERE id = 1;
