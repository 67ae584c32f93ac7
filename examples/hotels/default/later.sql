-- A day later.
UPDATE guests SET phone = '+7 900 000-00-01', is_vip = 0, comment = NULL, modified_at = '2026-05-05 09:00:00' WHERE id = 1;
UPDATE guests SET last_name = 'Зуева-Лис', modified_at = '2026-05-05 09:01:00' WHERE id = 4;
INSERT INTO guests (id, last_name, first_name, phone, modified_at)
  VALUES (6, 'Новиков', 'Олег', '+79005556677', '2026-05-05 09:02:00');
UPDATE companies SET name = 'ООО «Ромашка Плюс»', modified_at = '2026-05-05 09:03:00' WHERE id = 1;
UPDATE bookings SET status = 'checked_out', amount = '31500', modified_at = '2026-05-05 09:04:00' WHERE id = 103;
UPDATE bookings SET status = 'confirmed', guest_id = 6, modified_at = '2026-05-05 09:05:00' WHERE id = 102;
DELETE FROM booking_guests WHERE booking_id = 102;
INSERT INTO booking_guests (booking_id, guest_id, room, position) VALUES (102, 6, '14', 1);
DELETE FROM booking_guests WHERE booking_id = 107 AND guest_id = 2;
DELETE FROM bookings WHERE id = 105;
