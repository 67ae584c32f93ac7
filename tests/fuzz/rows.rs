//! Damaged mirrors: cells of the wrong type, ids twice or none, columns gone, a file with wrong
//! bytes. Each bad row is put aside alone, an unusable mirror sends nothing, and with a whole
//! mirror all is well again.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use ecvi_b24::commands::status::Status;
use ecvi_b24::domain::run_error::Outcome;
use ecvi_b24::sync::options::{RunKind, RunOptions};
use ecvi_b24::sync::run_report::RunReport;
use rusqlite::Connection;
use rusqlite::types::ValueRef;

use crate::hotel::{Hotel, fill, sync};
use crate::rng::Rng;
use crate::values::{Odd, cell};
use crate::{invariants, sent_values};

const TABLES: [&str; 4] = ["guests", "companies", "bookings", "booking_guests"];

/// One case: a mirror is damaged for a while.
pub(crate) fn case(seed: u64, dir: &Path) -> Result<(), String> {
    let mut rng = Rng::new(seed);
    fill(dir);
    let whole = fs::read(dir.join("mirror.db")).unwrap();
    let mut hotel = Hotel::new(dir, &mut rng, 0);
    hotel.rest()?;
    let wanted = invariants::snapshot(&hotel.wire.portal);
    let fresh = rng.chance(30);
    if fresh {
        // Nothing was sent yet: the first thing that is ever seen is the damaged mirror.
        fs::remove_file(&hotel.config.state).unwrap();
        hotel.wire.portal = crate::hotel::portal();
    }
    let tale = damage(dir, &mut rng);
    damaged(&mut hotel, &mut rng)
        .and_then(|()| if fresh { sent_values::check(&hotel) } else { Ok(()) })
        .and_then(|()| {
            put_back(dir, &whole);
            match hotel.rest() {
                // Where the first numbers ever seen were damaged, the true ones look like another
                // hotel's, and that is refused until a person looks.
                Err(wrong) if fresh && is_other_hotel(&wrong) => Ok(false),
                rest => rest.map(|()| true),
            }
        })
        .and_then(|all| {
            if all {
                invariants::same(&wanted, &invariants::snapshot(&hotel.wire.portal))
            } else {
                Ok(())
            }
        })
        .map_err(|wrong| format!("{wrong}\n  {}", tale.join("\n  ")))
}

fn is_other_hotel(wrong: &str) -> bool {
    wrong.contains("another hotel's mirror") || wrong.contains("зеркало другого отеля")
}

/// Runs over the damaged mirror.
fn damaged(hotel: &mut Hotel, rng: &mut Rng) -> Result<(), String> {
    let first = if rng.chance(50) { RunOptions::new(RunKind::InitialExport) } else { sync() };
    let writes = hotel.wire.portal.counters.writes;
    let ended = hotel.run(&first)?;
    if ended.outcome == Outcome::Failed && hotel.wire.portal.counters.writes != writes {
        return Err(format!("something was sent by a run that ended so: {:?}", ended.message));
    }
    hotel.wait(3);
    let ended = hotel.run(&sync())?;
    accounted(hotel, &ended)?;
    for _ in 0..2 {
        hotel.wait(3);
        let ended = hotel.run(&sync())?;
        if ended.requests == 0 {
            return Ok(());
        }
    }
    Err("an unchanged mirror is sent again and again".into())
}

/// Every row that can be told from the others was sent, or stands in `status`.
fn accounted(hotel: &Hotel, ended: &RunReport) -> Result<(), String> {
    if !matches!(ended.outcome, Outcome::Ok | Outcome::Partial) {
        return Ok(());
    }
    let state = ecvi_b24::state::State::open_readonly(&hotel.config.state).unwrap();
    let status = Status::collect(&hotel.config, &state, None, hotel.clock.now()).unwrap();
    for (kind, tally) in &status.records {
        let table = TABLES[*kind as usize];
        let rows = ids(&hotel.config.mirror.path, table);
        let known = tally.synced + tally.failed + tally.waiting + tally.pending.unwrap_or(0);
        if known < rows {
            return Err(format!("{rows} {table}, but status tells of {tally:?}"));
        }
    }
    Ok(())
}

/// How many rows have an id of their own. What pads an id, and a zero behind its point, makes no
/// other id.
fn ids(mirror: &Path, table: &str) -> u64 {
    let connection = open(mirror);
    let mut statement = connection.prepare(&format!("SELECT id FROM {table}")).unwrap();
    let mut rows = statement.query([]).unwrap();
    let mut ids = BTreeSet::new();
    while let Some(row) = rows.next().unwrap() {
        match row.get_ref(0).unwrap() {
            ValueRef::Integer(number) => ids.insert((true, number.to_string())),
            ValueRef::Text(text) => std::str::from_utf8(text).is_ok_and(|text| {
                let text = text
                    .trim_matches(|c: char| c.is_whitespace() || c.is_control() || c == '\u{feff}');
                ids.insert((false, text.strip_suffix(".0").unwrap_or(text).to_owned()))
            }),
            ValueRef::Null | ValueRef::Real(_) | ValueRef::Blob(_) => false,
        };
    }
    ids.len() as u64
}

/// As the program opens the mirror that fills it, and that has a collation of its own.
fn open(mirror: &Path) -> Connection {
    let connection = Connection::open(mirror).unwrap();
    connection.create_collation("THEIRS", |a, b| b.len().cmp(&a.len()).then(b.cmp(a))).unwrap();
    connection
}

/// The same mirror with its texts in another encoding.
fn recode(path: &Path, encoding: &str) -> String {
    let old = Connection::open(path).unwrap();
    let new_path = path.with_extension("new");
    let new = Connection::open(&new_path).unwrap();
    new.execute_batch(&format!("PRAGMA encoding = '{encoding}'")).unwrap();
    for table in TABLES {
        let names = columns(&old, table);
        new.execute_batch(&format!("CREATE TABLE {table} ({})", names.join(", "))).unwrap();
        let places = vec!["?"; names.len()].join(", ");
        let mut insert = new.prepare(&format!("INSERT INTO {table} VALUES ({places})")).unwrap();
        let mut select = old.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let mut rows = select.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let cells =
                (0..names.len()).map(|at| row.get::<_, rusqlite::types::Value>(at).unwrap());
            insert.execute(rusqlite::params_from_iter(cells)).unwrap();
        }
    }
    drop((old, new));
    fs::rename(new_path, path).unwrap();
    format!("texts in {encoding}")
}

/// Damages the mirror. Returns what was done, in words.
fn damage(dir: &Path, rng: &mut Rng) -> Vec<String> {
    let path = dir.join("mirror.db");
    if rng.chance(15) {
        return vec![in_the_file(&path, rng)];
    }
    let mut done = Vec::new();
    if rng.chance(20) {
        done.push(recode(&path, rng.one_of(&["UTF-16le", "UTF-16be"])));
    }
    let connection = open(&path);
    for table in TABLES {
        loosen(&connection, table, rng);
    }
    done.extend((0..=rng.roll(6)).map(|_| in_a_table(&connection, rng)));
    let journal = rng.one_of(&["DELETE", "TRUNCATE", "PERSIST", "WAL"]);
    connection.pragma_update(None, "journal_mode", journal).unwrap();
    done.push(journal.into());
    done
}

/// The whole mirror again, without what the damaged one left beside it.
fn put_back(dir: &Path, whole: &[u8]) {
    for beside in ["mirror.db-wal", "mirror.db-shm", "mirror.db-journal"] {
        drop(fs::remove_file(dir.join(beside)));
    }
    fs::write(dir.join("mirror.db"), whole).unwrap();
}

/// The table without types and constraints, so that every cell takes anything; some columns have an
/// affinity or a collation that is theirs.
fn loosen(connection: &Connection, table: &str, rng: &mut Rng) {
    let columns = columns(connection, table);
    let kinds = ["", "", "", "TEXT", "NUMERIC", "BLOB", "COLLATE THEIRS", "TEXT COLLATE THEIRS"];
    // A phone that became a number has lost its plus: that is another phone, and not one of this
    // program's making.
    let kind = |name: &String, kind: &'static str| if name == "phone" { "" } else { kind };
    let typed = columns.iter().map(|name| format!("{name} {}", kind(name, rng.one_of(&kinds))));
    let typed = typed.collect::<Vec<_>>().join(", ");
    let columns = columns.join(", ");
    let sql = format!(
        "CREATE TABLE loose ({typed}); INSERT INTO loose SELECT {columns} FROM {table};
         DROP TABLE {table}; ALTER TABLE loose RENAME TO {table};"
    );
    connection.execute_batch(&sql).unwrap();
}

fn columns(connection: &Connection, table: &str) -> Vec<String> {
    let statement = connection.prepare(&format!("SELECT * FROM {table} LIMIT 0")).unwrap();
    statement.column_names().map(str::to_owned).collect()
}

fn in_a_table(connection: &Connection, rng: &mut Rng) -> String {
    let table =
        rng.weighted(&[(4, "guests"), (2, "companies"), (5, "bookings"), (2, "booking_guests")]);
    let columns = columns(connection, table);
    let column = rng.one_of(&columns);
    let count: i64 = connection
        .query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))
        .unwrap();
    let nth = rng.roll(count as usize + 1);
    let one = format!("rowid = (SELECT rowid FROM {table} LIMIT 1 OFFSET {nth})");
    let sql = match rng.roll(20) {
        0 => format!("ALTER TABLE {table} RENAME COLUMN \"{column}\" TO theirs{}", rng.roll(1000)),
        1 => format!("DELETE FROM {table} WHERE {one}"),
        2 => format!("INSERT INTO {table} SELECT * FROM {table} WHERE {one}"),
        3 => format!("UPDATE {table} SET id = NULL WHERE {one}"),
        4 => {
            let other = rng.one_of(&columns);
            format!(
                "UPDATE {table} SET \"{column}\" = \"{other}\", modified_at = '2027' WHERE {one}"
            )
        }
        5 => format!("UPDATE {table} SET \"{column}\" = CAST(\"{column}\" AS BLOB) WHERE {one}"),
        6 => format!("UPDATE {table} SET modified_at = NULL"),
        _ => return odd_cell(connection, table, &column, &one, rng),
    };
    // What makes no sense after what was done before is not done.
    drop(connection.execute(&sql, []));
    sql
}

fn odd_cell(
    connection: &Connection,
    table: &str,
    column: &str,
    one: &str,
    rng: &mut Rng,
) -> String {
    let all = rng.chance(10);
    let which = if all { "1" } else { one };
    let (value, shown) = match cell(rng) {
        Odd::Cell(cell) => (cell.clone(), format!("{cell:?}")),
        Odd::Bytes(bytes) => {
            (rusqlite::types::Value::Blob(bytes.clone()), format!("text of {bytes:?}"))
        }
    };
    let new = if shown.starts_with("text of") { "CAST(?1 AS TEXT)" } else { "?1" };
    let sql = format!("UPDATE {table} SET \"{column}\" = {new} WHERE {which}");
    drop(connection.execute(&sql, [&value]));
    format!("{sql}: {}", shown.chars().take(80).collect::<String>())
}

fn in_the_file(path: &Path, rng: &mut Rng) -> String {
    let mut bytes = fs::read(path).unwrap();
    let at = rng.roll(bytes.len());
    let how = rng.roll(3);
    match how {
        0 => bytes.truncate(at),
        1 => {
            let count = 1 + rng.roll(40);
            bytes[at..].iter_mut().take(count).for_each(|byte| *byte = rng.next() as u8);
        }
        _ => bytes[at] ^= 1 << rng.roll(8),
    }
    fs::write(path, bytes).unwrap();
    format!("bytes at {at} ({how})")
}
