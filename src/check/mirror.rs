//! The mirror, read to its end once: how many rows of each kind there are, which cannot be read, how old it is.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use chrono::{DateTime, Utc};

use super::Line;
use super::local::unusable;
use super::moments::Moments;
use crate::beside::beside;
use crate::clock::{Clock, after, is_older};
use crate::code::Code;
use crate::config::Config;
use crate::mirror::{BadRow, Mirror, has_foreign_log, written_at};
use crate::record::{Id, Kind, Span};
use crate::say;
use crate::words::{self, plural};

/// Whatever fills the mirror should have done so since.
const FRESH: Duration = Duration::from_secs(86_400);
/// More ids would not help to find the cause.
const IDS_SHOWN: usize = 3;

/// What the rows of one kind look like.
#[derive(Default)]
struct Sample {
    rows: u64,
    nameless: u64,
    newest: String,
    moments: Moments,
    /// By code and column: how many, and the first ids.
    flaws: BTreeMap<(Code, String), (u64, Vec<Id>)>,
}

/// Checks the mirror.
pub(super) fn check(config: &Config, clock: &Clock) -> Vec<Line> {
    let now = clock.now();
    let limit = clock.read_limit(Some(after(now, config.sync.time_limit)));
    let foreign_log = has_foreign_log(&config.mirror.path).then(|| replaced(&config.mirror.path));
    let mirror = match Mirror::open_within(&config.mirror, &limit) {
        Ok(mirror) => mirror,
        Err(error) => return vec![unusable_mirror(&error)],
    };
    let mut lines = vec![age(config, now)];
    lines.extend(foreign_log);
    lines.extend(Kind::SHOWN.into_iter().filter(|kind| mirror.windows()[*kind as usize]).map(window_of));
    lines.extend(mirror.residents_slide().then(window_of_residents));
    // A clock that is behind makes no row one of the future.
    let latest = written_at(&config.mirror.path).map_or(now, |at| at.max(now));
    for kind in Kind::SHOWN {
        match sample(&mirror, kind, latest) {
            Ok(sample) => lines.extend(sample.lines(kind)),
            Err(error) => lines.push(unusable_mirror(&error)),
        }
    }
    lines.extend(mirror.residents_of_another_type().ok().filter(|count| *count > 0).map(mistyped));
    lines
}

/// The error says what to do.
fn unusable_mirror(error: &anyhow::Error) -> Line {
    unusable("mirror", &say!("Зеркало Ecvi", "Mirror"), error, String::new())
}

fn mistyped(count: u64) -> Line {
    Line::warning(
        "mirror_rows",
        say!(
            "Зеркало, booking_guests: в booking_id не тот тип, что в id заявок (число или текст); таких строк {count}",
            "Mirror, booking_guests: booking_id is of another type than the ids of bookings (number or text), in rows: {count}"
        ),
        say!(
            "Этих гостей не будет в сделках. Приведите тип, например CAST(booking_id AS INTEGER) в [mirror.queries] booking_guests",
            "These guests will be missing in their deals. Convert the type, such as CAST(booking_id AS INTEGER) in [mirror.queries] booking_guests"
        ),
    )
}

/// The mirror was replaced and the log of the old one was left there.
fn replaced(path: &Path) -> Line {
    let (shown, log) = (path.display(), beside(path, "-wal"));
    let log = log.display();
    Line::warning(
        "mirror_log",
        say!(
            "Зеркало Ecvi {shown} новее журнала {log} и не соответствует ему: похоже, файл заменили, а журнал остался от прежнего",
            "The mirror {shown} is newer than its log {log} and does not fit it: it seems that the file was replaced and the log is the old one's"
        ),
        say!(
            "SQLite показывает тогда строки прежнего файла. Остановите программу, которая наполняет зеркало, замените файл, удалив при этом -wal и -shm (docs/mirror.md)",
            "SQLite then shows the old file's rows. Stop what fills the mirror, and replace the file, deleting -wal and -shm with it (docs/mirror.md)"
        ),
    )
}

/// When the file, or its log, was written last.
fn age(config: &Config, now: DateTime<Utc>) -> Line {
    let path = &config.mirror.path;
    let written = written_at(path);
    let shown = path.display();
    let time = written.map(words::time).unwrap_or_default();
    let limit = config.max_mirror_age.unwrap_or(FRESH);
    if written.is_some_and(|at| is_older(at, limit, now)) {
        return Line::warning(
            "mirror",
            say!("Зеркало Ecvi {shown}: не обновлялось с {time}", "Mirror {shown}: not written since {time}"),
            say!("Проверьте, работает ли то, что его наполняет", "See whether what fills it is running"),
        );
    }
    Line::fine("mirror", say!("Зеркало Ecvi: {shown}, обновлено {time}", "Mirror: {shown}, written {time}"))
}

/// The query of a table shows fewer rows tomorrow than today; `then` says what follows.
fn window(table: &str, then: String) -> Line {
    Line::warning(
        "mirror",
        say!(
            "Зеркало Ecvi: запрос {table} зависит от времени или числа строк",
            "Mirror: the query of {table} depends on the time or on a number of rows"
        ),
        then,
    )
}

fn window_of(kind: Kind) -> Line {
    let then = match kind {
        Kind::Booking => say!(
            "Заявка, выпавшая из такого окна, неотличима от удалённой, поэтому сделки не удаляются. Чтобы удалялись, уберите окно из [mirror.queries]; глубину истории задаёт [export] bookings_from",
            "A booking that falls out of the window looks like a deleted one, so no deal is deleted. To have them deleted, take the window out of [mirror.queries]; [export] bookings_from limits the depth of history"
        ),
        Kind::Guest | Kind::Company => say!(
            "Кто выпал из такого окна, неотличим от удалённого, поэтому и удалённые остаются в сделках. Чтобы уходили, уберите окно из [mirror.queries]",
            "Whoever falls out of the window looks like one who was deleted, so the deleted stay in their deals too. To have them leave, take the window out of [mirror.queries]"
        ),
    };
    window(kind.table(), then)
}

fn window_of_residents() -> Line {
    window(
        "booking_guests",
        say!(
            "Кто выпадет из такого окна, исчезнет из сделок. Уберите окно из [mirror.queries] booking_guests",
            "Whoever falls out of the window leaves the deals. Take the window out of [mirror.queries] booking_guests"
        ),
    )
}

fn sample(mirror: &Mirror, kind: Kind, now: DateTime<Utc>) -> Result<Sample> {
    let mut sample = Sample::default();
    let mut scan = mirror.scan(kind)?;
    let mut rows = scan.rows(Span::ALL)?;
    for row in rows.by_ref() {
        let row = row?;
        sample.moments.see(&row.modified_at, &row.id, now);
        sample.newest = sample.newest.max(row.modified_at);
        if let Err(flaw) = row.body {
            sample.note(flaw, row.id);
        }
    }
    (sample.rows, sample.nameless) = (rows.seen(), rows.nameless());
    Ok(sample)
}

impl Sample {
    fn note(&mut self, flaw: BadRow, id: Id) {
        let BadRow { code, column, message } = flaw;
        // A status word says what to add to the configuration; other values may be a person's data.
        let column = if code == Code::UnknownStatus { message } else { column };
        let (count, ids) = self.flaws.entry((code, column)).or_default();
        *count += 1;
        if ids.len() < IDS_SHOWN {
            ids.push(id);
        }
    }

    fn lines(&self, kind: Kind) -> Vec<Line> {
        let Sample { rows, newest, .. } = self;
        let what = plural(kind);
        let mut lines = vec![if self.rows == 0 && kind != Kind::Company {
            Line::warning(
                "mirror_rows",
                say!("Зеркало, {what}: нет ни одной строки", "Mirror, {what}: not one row"),
                say!("Проверьте, наполнено ли зеркало", "See whether the mirror was filled"),
            )
        } else {
            Line::fine(
                "mirror_rows",
                say!(
                    "Зеркало, {what}: {rows}, последнее изменение {newest}",
                    "Mirror, {what}: {rows}, newest change {newest}"
                ),
            )
        }];
        lines.extend(self.moments.lines(kind));
        lines.extend((self.nameless > 0).then(|| self.without_id(kind)));
        lines.extend(
            self.flaws.iter().map(|((code, column), (count, ids))| flaw(kind, *code, column, *count, ids)),
        );
        lines
    }

    fn without_id(&self, kind: Kind) -> Line {
        let (what, count) = (plural(kind), self.nameless);
        Line::warning(
            "mirror_rows",
            say!("Зеркало, {what}: строк без id: {count}", "Mirror, {what}: rows without an id: {count}"),
            Code::BadId.advice(),
        )
    }
}

fn flaw(kind: Kind, code: Code, column: &str, count: u64, ids: &[Id]) -> Line {
    let what = plural(kind);
    let ids = ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    Line::warning(
        "mirror_rows",
        say!(
            "Зеркало, {what}: не читается строк: {count}, {code}, {column} (id {ids})",
            "Mirror, {what}: rows that cannot be read: {count}, {code}, {column} (id {ids})"
        ),
        code.advice(),
    )
}
