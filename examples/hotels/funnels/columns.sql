-- The columns that the templates name beside the default ones.
ALTER TABLE bookings ADD COLUMN tariff TEXT;
ALTER TABLE guests ADD COLUMN loyalty_card TEXT;
UPDATE bookings SET tariff = 'Стандарт' WHERE id = 101;
UPDATE guests SET loyalty_card = 'A-100' WHERE id = 1;
