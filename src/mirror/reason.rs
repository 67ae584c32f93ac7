//! Why the mirror cannot be read, in words that name the cause: SQLite's extended result code says more than its text.

use std::fmt;
use std::path::Path;

use anyhow::{Result, anyhow};
use rusqlite::{ErrorCode, ffi};

use super::{Mirror, access};
use crate::config::MirrorConfig;
use crate::domain::display;
use crate::domain::record::Kind;
use crate::domain::run_error::RunError;
use crate::platform::clock::ReadLimit;
use crate::platform::private_files;
use crate::platform::sidecar_path::sidecar_path;
use crate::say;

/// Words alone: an error of SQLite that travels up is the state's.
pub(super) fn in_words(what: &str, error: &dyn fmt::Display) -> anyhow::Error {
    anyhow!("{what}: {error:#}")
}

/// Why a table or a query of the mirror cannot be read: it is not there, or is no SQL, or the file itself is at fault.
pub(super) fn unreadable(config: &MirrorConfig, table: &str, error: &rusqlite::Error) -> anyhow::Error {
    let is_sql = matches!(error, rusqlite::Error::SqlInputError { .. })
        || error.sqlite_error_code() == Some(ErrorCode::Unknown);
    if !is_sql {
        return unusable(&config.path, error);
    }
    let shown = config.path.display();
    let what = say!(
        "в зеркале Ecvi {shown} не читается {table}: исправьте зеркало или [mirror.queries] {table}",
        "{table} of the mirror {shown} cannot be read: correct the mirror or [mirror.queries] {table}"
    );
    in_words(&what, error)
}

/// Why a mirror cannot be read, and what to look at.
pub(super) fn unusable(path: &Path, error: &rusqlite::Error) -> anyhow::Error {
    if let Some(what) = known_reason(path, error) {
        return in_words(&what, error);
    }
    // What was well a moment ago may have changed since.
    if let Err(found) = access::admit(path, std::time::Duration::ZERO) {
        return found;
    }
    let shown = path.display();
    let what = say!(
        "зеркало Ecvi {shown} не открывается: проверьте путь и права, и что файл наполняется",
        "the mirror {shown} cannot be opened: check its path and permissions, and what fills it"
    );
    in_words(&what, error)
}

/// The reasons that SQLite's codes tell apart.
fn known_reason(path: &Path, error: &rusqlite::Error) -> Option<String> {
    let shown = path.display();
    if extended_code(error) == Some(ffi::SQLITE_READONLY_ROLLBACK) {
        return Some(interrupted_filler(path));
    }
    Some(match error.sqlite_error_code()? {
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => busy(path),
        ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt => say!(
            "зеркало Ecvi {shown} повреждено: проверьте, чем оно наполняется",
            "the mirror {shown} is damaged: check what fills it"
        ),
        ErrorCode::ReadOnly => say!(
            "зеркало Ecvi {shown} в режиме WAL, а файлами -wal и -shm этот пользователь пользоваться не может: проверьте права на них и на папку (docs/mirror.md)",
            "the mirror {shown} is in WAL mode, and this user cannot use its -wal and -shm files: check their permissions and the folder's (docs/mirror.md)"
        ),
        ErrorCode::SystemIoFailure => match exhausted(error) {
            Some(words) => words,
            None => say!(
                "зеркало Ecvi {shown} не читается: ошибка диска; проверьте диск, свободное место и предел размера файлов (ulimit -f)",
                "the mirror {shown} cannot be read: the disk failed; check the disk, its free space and the limit of file sizes (ulimit -f)"
            ),
        },
        _ => return exhausted(error),
    })
}

/// What this machine has run out of.
fn exhausted(error: &rusqlite::Error) -> Option<String> {
    let no_folder = [ffi::SQLITE_IOERR_GETTEMPPATH, ffi::SQLITE_CANTOPEN_NOTEMPDIR];
    if extended_code(error).is_some_and(|code| no_folder.contains(&code)) {
        return Some(say!(
            "нет папки для временных файлов, в которую можно писать: дайте программе право записи в папку состояния или задайте TMPDIR",
            "there is no writable folder for temporary files: let the program write into the folder of the state, or set TMPDIR"
        ));
    }
    match error.sqlite_error_code()? {
        ErrorCode::OutOfMemory => Some(private_files::no_memory()),
        ErrorCode::DiskFull => Some(say!(
            "нет места для временных файлов: освободите диск, где лежит состояние, или задайте TMPDIR",
            "no space for temporary files: free the disk that holds the state, or set TMPDIR"
        )),
        ErrorCode::TooBig => Some(say!(
            "в зеркале Ecvi есть значение больше миллиарда байт: проверьте программу, которая его наполняет",
            "the mirror holds a value of more than a thousand million bytes: check what fills it"
        )),
        ErrorCode::CannotOpen => private_files::no_descriptors(),
        _ => None,
    }
}

/// A filler that was killed in the middle of a write left its journal; it alone, or a writer, can roll that back.
fn interrupted_filler(path: &Path) -> String {
    let shown = path.display();
    let journal = sidecar_path(path, "-journal");
    let journal = journal.display();
    say!(
        "программа, которая наполняет зеркало Ecvi {shown}, оборвалась посреди записи (рядом остался {journal}): запустите её снова, она вернёт файл в порядок; удалять журнал нельзя",
        "what fills the mirror {shown} broke off in the middle of a write and left {journal}: start it again, it puts the file in order; do not delete the journal"
    )
}

pub(super) fn busy(path: &Path) -> String {
    let shown = path.display();
    say!(
        "зеркало Ecvi {shown} занято другой программой; следующий запуск попробует снова",
        "the mirror {shown} is held by another program; the next pass tries again"
    )
}

fn extended_code(error: &rusqlite::Error) -> Option<i32> {
    error.sqlite_error().map(|error| error.extended_code)
}

impl Mirror {
    /// Why reading rows ended before their end.
    pub(super) fn broken_off(&self, kind: Kind, error: &anyhow::Error) -> anyhow::Error {
        // A question within the reading has said it already.
        if let Some(reason) = error.downcast_ref::<RunError>() {
            return reason.clone().into();
        }
        let cause = error.downcast_ref::<rusqlite::Error>();
        if cause.and_then(rusqlite::Error::sqlite_error_code) == Some(ErrorCode::OperationInterrupted) {
            return over(&self.limit).into();
        }
        let what = cause.and_then(exhausted).unwrap_or_else(|| damaged(kind));
        in_words(&what, error)
    }

    /// As [`Mirror::broken_off`], for an answer that is read in one go.
    pub(super) fn whole<T>(&self, answer: rusqlite::Result<T>) -> Result<T> {
        answer.map_err(|error| match error.sqlite_error_code() {
            Some(ErrorCode::OperationInterrupted) => over(&self.limit).into(),
            _ => anyhow::Error::new(error),
        })
    }
}

/// The limit of reading was reached: nobody has to act at once, and nothing was sent.
fn over(limit: &ReadLimit) -> RunError {
    RunError::interrupted(if limit.is_stopped() {
        say!("прервано при чтении зеркала Ecvi", "interrupted while the mirror was read")
    } else {
        say!(
            "зеркало Ecvi не прочитано за отведённое время ([sync] time_limit): проверьте [mirror.queries] и размер зеркала",
            "the mirror was not read within the time allowed ([sync] time_limit): check [mirror.queries] and the size of the mirror"
        )
    })
}

fn damaged(kind: Kind) -> String {
    let rows = display::plural_name(kind);
    say!(
        "зеркало Ecvi повреждено или занято (чтение: {rows}); ничего не передано",
        "the mirror is damaged or busy (reading {rows}); nothing was sent"
    )
}
