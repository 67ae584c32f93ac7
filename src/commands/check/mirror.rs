//! The mirror, read to its end once: what its rows look like, whom they name, how old it is.

use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::local::unusable;
use super::{CheckResult, references, rows};
use crate::config::Config;
use crate::domain::display;
use crate::domain::language::current_language;
use crate::domain::record::Kind;
use crate::mirror::{Mirror, has_foreign_log, written_at};
use crate::platform::clock::{Clock, is_older, saturating_add};
use crate::platform::sidecar_path::sidecar_path;
use crate::say;

/// Whatever fills the mirror should have done so since.
const FRESH: Duration = Duration::from_secs(86_400);

/// Checks the mirror.
pub(super) fn check(config: &Config, clock: &Clock) -> Vec<CheckResult> {
    let now = clock.now();
    let limit = clock.read_limit(Some(saturating_add(now, config.sync.time_limit)));
    let foreign_log = has_foreign_log(&config.mirror.path).then(|| replaced(&config.mirror.path));
    let mirror = match Mirror::open_within(&config.mirror, &limit) {
        Ok(mirror) => mirror,
        Err(error) => return vec![unusable_mirror(error)],
    };
    let mut lines = vec![age(config, now)];
    lines.extend(foreign_log);
    lines.extend(Kind::DISPLAY_ORDER.into_iter().filter(|kind| mirror.windows()[*kind]).map(window_of));
    lines.extend(mirror.are_booking_guests_windowed().then(window_of_residents));
    // A clock that is behind makes no row one of the future.
    let latest = written_at(&config.mirror.path).map_or(now, |at| at.max(now));
    for kind in Kind::DISPLAY_ORDER {
        lines.extend(
            rows::lines(&mirror, kind, config, latest).unwrap_or_else(|error| vec![unusable_mirror(error)]),
        );
    }
    lines.extend(references::lines(&mirror).unwrap_or_else(|error| vec![unusable_mirror(error)]));
    lines
}

/// The error says what to do.
fn unusable_mirror(error: impl Into<anyhow::Error>) -> CheckResult {
    unusable("mirror", &say!("Зеркало Ecvi", "Mirror"), &error.into(), String::new())
}

/// The mirror was replaced and the log of the old one was left there.
fn replaced(path: &Path) -> CheckResult {
    let (shown, log) = (path.display(), sidecar_path(path, "-wal"));
    let log = log.display();
    CheckResult::warning(
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
fn age(config: &Config, now: DateTime<Utc>) -> CheckResult {
    let path = &config.mirror.path;
    let written = written_at(path);
    let shown = path.display();
    let time = written.map(|time| display::format_time(time, current_language())).unwrap_or_default();
    let limit = config.max_mirror_age.unwrap_or(FRESH);
    if written.is_some_and(|at| is_older(at, limit, now)) {
        return CheckResult::warning(
            "mirror",
            say!("Зеркало Ecvi {shown}: не обновлялось с {time}", "Mirror {shown}: not written since {time}"),
            say!("Проверьте, работает ли то, что его наполняет", "See whether what fills it is running"),
        );
    }
    CheckResult::ok(
        "mirror",
        say!("Зеркало Ecvi: {shown}, обновлено {time}", "Mirror: {shown}, written {time}"),
    )
}

/// The query of a table shows fewer rows tomorrow than today; `then` says what follows.
fn window(table: &str, then: String) -> CheckResult {
    CheckResult::warning(
        "mirror",
        say!(
            "Зеркало Ecvi: запрос {table} зависит от времени или числа строк",
            "Mirror: the query of {table} depends on the time or on a number of rows"
        ),
        then,
    )
}

fn window_of(kind: Kind) -> CheckResult {
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

fn window_of_residents() -> CheckResult {
    window(
        "booking_guests",
        say!(
            "Кто выпадет из такого окна, исчезнет из сделок. Уберите окно из [mirror.queries] booking_guests",
            "Whoever falls out of the window leaves the deals. Take the window out of [mirror.queries] booking_guests"
        ),
    )
}
