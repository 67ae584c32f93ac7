//! Whether records are seen through a sliding window: a query that sees fewer rows tomorrow than
//! today.
//!
//! A booking that slides out of the window looks exactly like one that was deleted in Ecvi, so with
//! such a query no deal is ever deleted, and no guest or company whose row slides out leaves a
//! deal. Who slides out of `booking_guests` does, for nothing else says who stays; `check` warns of
//! it. What the program that fills the mirror leaves out cannot be seen here.

use rusqlite::{Connection, Result};

/// The SQL by which a query knows what time it is. Better one too many: a query that is taken for a
/// window deletes nothing, and `check` says so.
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
    while let Some(at) =
        unread.iter().position(|view| texts.iter().any(|text| names(text, &view.name)))
    {
        texts.push(unread.swap_remove(at).sql);
    }
    Ok(texts.iter().any(|text| is_window(&plain(text))))
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

/// True if LIMIT, ranking or an aggregate selects rows. What is looked up beside a row, in the list
/// of columns of the query itself, does not, nor the newest of several rows of one id.
fn selects_by_count(sql: &str) -> bool {
    let behind = behind_columns(sql);
    let is_limited = [" limit ", " limit(", "rank()"].iter().any(|sign| behind.contains(sign));
    let is_numbered = behind.split("row_number()").skip(1).any(|over| !is_by_id(over));
    is_limited || is_numbered || subselects(behind).any(|subselect| subselect.selects_rows())
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

    /// `… > (select count(*) …)`
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

/// `over(partition by id order by …)`: of the rows of one id one is left, and no id less.
fn is_by_id(over: &str) -> bool {
    let parts = over.trim_start().strip_prefix("over(partition by ");
    let list = parts.and_then(|parts| parts.split([' ', ')']).next());
    list.is_some_and(|list| {
        list.rsplit('.').next().is_some_and(|column| column.trim_matches('\'') == "id")
    })
}

/// The greatest or least of several rows; with a comma it is that of several columns.
fn has_border(sql: &str) -> bool {
    ["max(", "min("].iter().any(|sign| {
        sql.match_indices(sign).any(|(at, _)| {
            let inner = enclosed(&sql[at + sign.len() - 1..]);
            let depths = inner[1..].chars().scan(0, |depth, c| {
                *depth += i32::from(c == '(') - i32::from(c == ')');
                Some((*depth, c))
            });
            !depths.into_iter().any(|(depth, c)| depth == 0 && c == ',')
        })
    })
}

/// What follows the first list of columns: `… select …` up to the `from` of the same depth.
fn behind_columns(sql: &str) -> &str {
    let begins = sql.strip_prefix("(select ").or_else(|| {
        let (head, list) = sql.split_once(" as select ")?;
        head.starts_with("create ").then_some(list)
    });
    let Some(list) = begins else { return sql };
    let depths = list.char_indices().scan(0, |depth, (at, c)| {
        *depth += i32::from(c == '(') - i32::from(c == ')');
        Some((at, *depth))
    });
    let from =
        depths.into_iter().find(|(at, depth)| *depth == 0 && list[*at..].starts_with(" from "));
    from.map_or(sql, |(at, _)| &list[at..])
}

/// The text from a bracket to the one that closes it.
fn enclosed(sql: &str) -> &str {
    let mut depth = 0;
    let end = sql.find(|c| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        depth == 0
    });
    end.map_or(sql, |end| &sql[..end])
}

/// With one kind of quotes, and blanks only where they part words.
fn plain(sql: &str) -> String {
    let text = sql.replace('"', "'").split_whitespace().collect::<Vec<_>>().join(" ");
    [(" (", "("), ("( ", "("), (" )", ")"), (") <", ")<")]
        .into_iter()
        .fold(text, |text, (from, to)| text.replace(from, to))
}

/// `strftime('%Y-%m-%d')`: without a time it is that of now.
fn formats_now(sql: &str) -> bool {
    let mut calls = sql.split("strftime(").skip(1);
    calls.any(|call| call.split(')').next().is_some_and(|arguments| !arguments.contains(',')))
}

/// Whether the SQL has this name in it, and not as a part of another one.
fn names(sql: &str, name: &str) -> bool {
    let ends = |rest: Option<char>| !rest.is_some_and(|c| c.is_alphanumeric() || c == '_');
    sql.match_indices(name).any(|(at, _)| {
        ends(sql[..at].chars().next_back()) && ends(sql[at + name.len()..].chars().next())
    })
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
