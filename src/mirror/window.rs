//! Finds queries with a sliding window: they may show fewer rows tomorrow than today.
//!
//! A booking that slides out of the window looks exactly like one that was deleted in Ecvi. So with
//! such a query no deal is ever deleted, and no guest or company whose row slides out leaves a
//! deal. A guest who slides out of `booking_guests` does, because nothing else says who stays;
//! `check` warns of that. What the program that fills the mirror leaves out cannot be seen here.

use rusqlite::{Connection, Result};

/// SQL with the current time. A match too many does little harm: a query that is taken for a window
/// deletes nothing, and `check` says so.
const TIME_FUNCTIONS: [&str; 9] = [
    "'now", "('subsec", "current_date", "current_time", "julianday()", "unixepoch()", "date()",
    "datetime()", "time()",
];

/// A view of the mirror, in lower case.
struct View {
    name: String,
    sql: String,
}

/// A `(select …)` within other SQL.
struct Subselect<'s> {
    before: &'s str,
    text: &'s str,
    behind: &'s str,
}

/// Whether the query, or a view that it reads, depends on the time or on a number of rows.
pub(super) fn is_windowed(connection: &Connection, source: &str) -> Result<bool> {
    let mut unread = views(connection)?;
    let mut texts = vec![source.to_lowercase()];
    while let Some(text) = texts.pop() {
        if is_window(&plain(&text)) {
            return Ok(true);
        }
        for view in unread.extract_if(.., |view| has_name(&text, &view.name)) {
            texts.push(view.sql);
        }
    }
    Ok(false)
}

fn views(connection: &Connection) -> Result<Vec<View>> {
    let mut statement =
        connection.prepare_cached("SELECT name, sql FROM sqlite_schema WHERE type = 'view'")?;
    let views = statement.query_map([], |row| {
        let name: String = row.get(0)?;
        let sql: String = row.get(1)?;
        // Not by SQLite's lower(), which knows Latin letters only.
        Ok(View { name: name.to_lowercase(), sql: sql.to_lowercase() })
    })?;
    views.collect()
}

fn is_window(sql: &str) -> bool {
    TIME_FUNCTIONS.iter().any(|function| sql.contains(function))
        || formats_now(sql)
        || selects_by_count(sql)
}

/// True if LIMIT, ranking or an aggregate selects rows. A subquery in the query's own list of
/// columns does not, and neither does the choice of one of several rows with the same id.
fn selects_by_count(sql: &str) -> bool {
    let behind = behind_columns(sql);
    let is_limited = [" limit ", " limit(", "rank()"].iter().any(|sign| behind.contains(sign));
    let is_numbered = behind.split("row_number()").skip(1).any(|over| !is_by_id(over));
    is_limited || is_numbered || subselects(behind).any(|subselect| subselect.selects_rows())
}

/// How a character changes the depth of brackets.
fn bracket_step(c: char) -> i32 {
    i32::from(c == '(') - i32::from(c == ')')
}

fn subselects(sql: &str) -> impl Iterator<Item = Subselect<'_>> {
    sql.match_indices("(select ").map(|(at, _)| {
        let text = enclosed(&sql[at..]);
        Subselect { before: sql[..at].trim_end(), text, behind: &sql[at + text.len()..] }
    })
}

impl Subselect<'_> {
    fn selects_rows(&self) -> bool {
        self.is_count_to_compare() || has_border(self.text) && !self.is_joined_by_group()
    }

    /// A comparison with a count: `… > (select count(*) …)`.
    fn is_count_to_compare(&self) -> bool {
        self.text.contains("count(")
            && (self.before.ends_with('>') || self.behind.starts_with(")<"))
    }

    /// `join (select id, max(at) … group by id)` has a value for each row, and leaves none out.
    fn is_joined_by_group(&self) -> bool {
        let is_joined = self.before.ends_with("from") || self.before.ends_with("join");
        is_joined && self.text.contains(" group by ")
    }
}

/// `over(partition by id order by …)`: it leaves one row of each id, so every id stays.
fn is_by_id(over: &str) -> bool {
    let Some(parts) = over.trim_start().strip_prefix("over(partition by ") else { return false };
    let list = parts.split([' ', ')']).next().unwrap_or_default();
    let column = list.rsplit('.').next().unwrap_or_default();
    column.trim_matches('\'') == "id"
}

/// Whether it has the greatest or least value of several rows; with a comma it is that of several
/// columns.
fn has_border(sql: &str) -> bool {
    for function in ["max(", "min("] {
        for (at, _) in sql.match_indices(function) {
            let bracket = at + function.len() - 1;
            if !has_outer_comma(&enclosed(&sql[bracket..])[1..]) {
                return true;
            }
        }
    }
    false
}

/// Whether a list of arguments has a comma that is not within brackets.
fn has_outer_comma(arguments: &str) -> bool {
    let mut depth = 0;
    for c in arguments.chars() {
        depth += bracket_step(c);
        if depth == 0 && c == ',' {
            return true;
        }
    }
    false
}

/// What follows the first list of columns: `… select …` up to the `from` of the same depth.
fn behind_columns(sql: &str) -> &str {
    let begins = sql.strip_prefix("(select ").or_else(|| {
        let (head, list) = sql.split_once(" as select ")?;
        head.starts_with("create ").then_some(list)
    });
    let Some(list) = begins else { return sql };
    let mut depth = 0;
    for (at, c) in list.char_indices() {
        depth += bracket_step(c);
        if depth == 0 && list[at..].starts_with(" from ") {
            return &list[at..];
        }
    }
    sql
}

/// The text from an opening bracket to before the one that closes it.
fn enclosed(sql: &str) -> &str {
    let mut depth = 0;
    for (at, c) in sql.char_indices() {
        depth += bracket_step(c);
        if depth == 0 {
            return &sql[..at];
        }
    }
    sql
}

/// With one kind of quotes, and blanks only between words.
fn plain(sql: &str) -> String {
    let quoted = sql.replace('"', "'");
    let words: Vec<&str> = quoted.split_whitespace().collect();
    let text = words.join(" ");
    text.replace(" (", "(").replace("( ", "(").replace(" )", ")").replace(") <", ")<")
}

/// Whether it has a `strftime('%Y-%m-%d')`: without a second argument that is the current time.
fn formats_now(sql: &str) -> bool {
    for call in sql.split("strftime(").skip(1) {
        let arguments = call.split(')').next().unwrap_or_default();
        if !arguments.contains(',') {
            return true;
        }
    }
    false
}

/// Whether the SQL has this name in it, and not as a part of another one.
fn has_name(sql: &str, name: &str) -> bool {
    for (at, _) in sql.match_indices(name) {
        let before = sql[..at].chars().next_back();
        let behind = sql[at + name.len()..].chars().next();
        if !before.is_some_and(is_in_name) && !behind.is_some_and(is_in_name) {
            return true;
        }
    }
    false
}

fn is_in_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
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
                 CREATE VIEW named AS SELECT id, (SELECT max(departure) FROM t s WHERE s.id = t.id) AS d FROM t;
                 CREATE VIEW \"Свежие\" AS SELECT * FROM recent;",
            )
            .unwrap();
        let slides = |source: &str| is_windowed(&connection, source).unwrap();
        assert!(slides("(SELECT * FROM t WHERE departure > CURRENT_DATE)"));
        assert!(slides("(SELECT * FROM t\n LIMIT 1000)"));
        assert!(slides("(SELECT * FROM t WHERE departure >= date(\"now\", '-30 days'))"));
        assert!(slides("(SELECT * FROM t WHERE departure >= strftime('%Y-%m-%d'))"));
        assert!(slides("(SELECT * FROM t WHERE unixepoch(departure) > unixepoch( ) - 864000)"));
        assert!(slides(
            "(SELECT * FROM t WHERE unixepoch(departure) > unixepoch('subsec') - 864000)"
        ));
        assert!(slides("(SELECT * FROM t WHERE id > (SELECT max(id) - 1000 FROM t))"));
        assert!(slides(
            "(SELECT * FROM (SELECT *, row_number() OVER (ORDER BY id DESC) n FROM t) WHERE n < 9)"
        ));
        assert!(slides(
            "(SELECT * FROM t WHERE departure > date((SELECT max(departure) FROM t), '-30 days'))"
        ));
        for border in [
            "coalesce((SELECT max(arrival) FROM t), '2000')",
            "(SELECT date(departure, '-60 days') FROM t ORDER BY departure DESC LIMIT 1)",
            "(SELECT date(max(departure), '-60 days') FROM t)",
        ] {
            assert!(slides(&format!("(SELECT * FROM t WHERE departure >= {border})")), "{border}");
        }
        assert!(slides(
            "(WITH m AS (SELECT max(departure) d FROM t) SELECT t.* FROM t, m WHERE departure > d)"
        ));
        assert!(slides(
            "(SELECT * FROM t a WHERE (SELECT count(*) FROM t b WHERE b.id > a.id) < 100)"
        ));
        for several in [
            "PARTITION BY status ORDER BY id",
            "PARTITION BY id, status ORDER BY id",
            "ORDER BY id",
        ] {
            let query = format!(
                "(SELECT * FROM (SELECT *, row_number() OVER ({several}) n FROM t) WHERE n < 3)"
            );
            assert!(slides(&query), "{several}");
        }
        assert!(slides(
            "(SELECT * FROM t WHERE departure > (SELECT max(departure) FROM t GROUP BY hotel))"
        ));
        assert!(slides("shown"));
        assert!(slides("(SELECT * FROM \"Свежие\")"));
        assert!(!slides("(SELECT shown_at, not_recent FROM t)"));
        assert!(!slides("all_of_them"));
        assert!(!slides("bookings"));
        assert!(!slides(
            "(SELECT b.*, (SELECT a FROM t WHERE t.id = b.id ORDER BY a LIMIT 1) AS room FROM b)"
        ));
        assert!(!slides(
            "(SELECT *, (SELECT max(at) FROM log WHERE log.id = b.id) AS modified_at FROM b)"
        ));
        assert!(!slides(
            "(SELECT *, coalesce( (SELECT max(at) FROM log), at) AS modified_at FROM b)"
        ));
        assert!(!slides(
            "(SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY id ORDER BY at DESC) n FROM t) WHERE n = 1)"
        ));
        assert!(!slides(
            "(SELECT t.*, l.at FROM t JOIN (SELECT id, max(at) at FROM log GROUP BY id) l ON l.id = t.id)"
        ));
        assert!(!slides("(SELECT a.* FROM (SELECT t.*, max(t.changed, t.arrival) m FROM t) a)"));
        assert!(!slides("(SELECT * FROM t WHERE (SELECT count(*) FROM r WHERE r.id = t.id) > 0)"));
        assert!(!slides("named"));
        assert!(!slides(
            "(SELECT id, strftime('%Y', departure) y, max(a, b) c, date(departure) d FROM t)"
        ));
    }
}
