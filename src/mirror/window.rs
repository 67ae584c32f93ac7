//! Whether records are seen through a sliding window: a query that sees fewer rows tomorrow than today.
//!
//! A booking that slides out of the window looks exactly like one that was deleted in Ecvi, so with such a query no
//! deal is ever deleted, and no guest or company whose row slides out leaves a deal. Who slides out of `booking_guests`
//! does, for nothing else says who stays; `check` warns of it. What the program that fills the mirror leaves out cannot
//! be seen here.

use anyhow::Result;
use rusqlite::Connection;

/// The SQL by which a query knows what time it is, or shows a number of rows. Better one too many: a query that is
/// taken for a window deletes nothing, and `check` says so.
const SIGNS: [&str; 8] =
    ["'now", "current_date", "current_time", "julianday()", "unixepoch()", "date()", "datetime()", "time()"];

/// Those of a number of rows, unless a text of [`HARMLESS`] stands before or behind them.
const COUNTS: [&str; 6] = [" limit ", " limit(", "row_number()", "rank()", "(select max(", "(select min("];

/// One value for each row, looked up beside it; the newest of several rows of one id.
const HARMLESS: ([&str; 5], [&str; 2]) =
    ([",", "select", "coalesce(", "ifnull(", "max("], ["1)", " over(partition by"]);

/// Whether the query, or a view that it reads, depends on the time or on a number of rows.
pub(super) fn slides(connection: &Connection, source: &str) -> Result<bool> {
    let mut statement = connection.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'view'")?;
    // Not by SQLite's lower(), which knows Latin letters only.
    let lower = |text: String| text.to_lowercase();
    let views = statement.query_map([], |row| Ok((row.get(0).map(lower)?, row.get(1).map(lower)?)))?;
    let mut unread: Vec<(String, String)> = views.collect::<rusqlite::Result<_>>()?;
    let mut text = source.to_lowercase();
    while let Some(at) = unread.iter().position(|(name, _)| names(&text, name)) {
        text.push(' ');
        text.push_str(&unread.swap_remove(at).1);
    }
    let text = plain(&text);
    Ok(SIGNS.iter().any(|sign| text.contains(sign)) || counts_rows(&text) || formats_now(&text))
}

fn counts_rows(sql: &str) -> bool {
    let (before, behind) = HARMLESS;
    COUNTS.iter().any(|sign| {
        sql.match_indices(sign).any(|(at, _)| {
            let (head, tail) = (sql[..at].trim_end(), &sql[at + sign.len()..]);
            let is_value = sign.starts_with('(') && before.iter().any(|text| head.ends_with(text));
            !is_value && !behind.iter().any(|text| tail.starts_with(text))
        })
    })
}

/// With one kind of quotes, and blanks only where they part words.
fn plain(sql: &str) -> String {
    let text = sql.replace('"', "'").split_whitespace().collect::<Vec<_>>().join(" ");
    [(" (", "("), ("( ", "("), (" )", ")")].into_iter().fold(text, |text, (from, to)| text.replace(from, to))
}

/// `strftime('%Y-%m-%d')`: without a time it is that of now.
fn formats_now(sql: &str) -> bool {
    let mut calls = sql.split("strftime(").skip(1);
    calls.any(|call| call.split(')').next().is_some_and(|arguments| !arguments.contains(',')))
}

/// Whether the SQL has this name in it, and not as a part of another one.
fn names(sql: &str, name: &str) -> bool {
    let ends = |rest: Option<char>| !rest.is_some_and(|c| c.is_alphanumeric() || c == '_');
    sql.match_indices(name)
        .any(|(at, _)| ends(sql[..at].chars().next_back()) && ends(sql[at + name.len()..].chars().next()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_found_in_the_query_and_in_the_views_that_it_reads() {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(
                "CREATE TABLE t (id, departure);
                 CREATE VIEW recent AS SELECT * FROM t WHERE departure > date('now', '-30 days');
                 CREATE VIEW shown AS SELECT * FROM recent;
                 CREATE VIEW all_of_them AS SELECT * FROM t;
                 CREATE VIEW \"Свежие\" AS SELECT * FROM recent;",
            )
            .unwrap();
        let slides = |source: &str| slides(&connection, source).unwrap();
        assert!(slides("(SELECT * FROM t WHERE departure > CURRENT_DATE)"));
        assert!(slides("(SELECT * FROM t\n LIMIT 1000)"));
        assert!(slides("(SELECT * FROM t WHERE departure >= date(\"now\", '-30 days'))"));
        assert!(slides("(SELECT * FROM t WHERE departure >= strftime('%Y-%m-%d'))"));
        assert!(slides("(SELECT * FROM t WHERE unixepoch(departure) > unixepoch( ) - 864000)"));
        assert!(slides("(SELECT * FROM t WHERE id > (SELECT max(id) - 1000 FROM t))"));
        assert!(slides(
            "(SELECT * FROM (SELECT *, row_number() OVER (ORDER BY id DESC) n FROM t) WHERE n < 9)"
        ));
        assert!(slides(
            "(SELECT * FROM t WHERE departure > date((SELECT max(departure) FROM t), '-30 days'))"
        ));
        assert!(slides("shown"));
        assert!(slides("(SELECT * FROM \"Свежие\")"));
        assert!(!slides("(SELECT shown_at, not_recent FROM t)"));
        assert!(!slides("all_of_them"));
        assert!(!slides("bookings"));
        assert!(!slides(
            "(SELECT b.*, (SELECT a FROM t WHERE t.id = b.id ORDER BY a LIMIT 1) AS room FROM b)"
        ));
        assert!(!slides("(SELECT *, (SELECT max(at) FROM log WHERE log.id = b.id) AS modified_at FROM b)"));
        assert!(!slides("(SELECT *, coalesce( (SELECT max(at) FROM log), at) AS modified_at FROM b)"));
        assert!(!slides(
            "(SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY id ORDER BY at DESC) n FROM t) WHERE n = 1)"
        ));
        assert!(!slides("(SELECT id, strftime('%Y', departure) y, max(a, b) c, date(departure) d FROM t)"));
    }
}
