-- The same day later as in default/later.sql.
UPDATE people SET tel = '+7 900 000-00-01', note = NULL, changed = '2026-05-05 09:00:00' WHERE pid = 1;
UPDATE people SET surname = 'Зуева-Лис', changed = '2026-05-05 09:01:00' WHERE pid = 4;
INSERT INTO people (pid, surname, given, tel, changed)
  VALUES (6, 'Новиков', 'Олег', '+79005556677', '2026-05-05 09:02:00');
UPDATE firms SET title = 'ООО «Ромашка Плюс»', changed = '2026-05-05 09:03:00' WHERE fid = 1;
UPDATE stays SET state = 'checked_out', total = '31500', changed = '2026-05-05 09:04:00' WHERE sid = 103;
UPDATE stays SET state = 'confirmed', pid = 6, changed = '2026-05-05 09:05:00' WHERE sid = 102;
UPDATE beds SET pid = 6 WHERE sid = 102;
DELETE FROM beds WHERE sid = 107 AND pid = 2;
DELETE FROM stays WHERE sid = 105;
