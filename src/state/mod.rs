//! The state: what was sent, what is in doubt, what failed, and the history of runs.
//!
//! One `SQLite` file, readable by its owner only. The rollback journal is used and not WAL: the
//! state is then one file that can be copied as a backup at any time between runs, it works on
//! every file system, and a run makes two requests a second at most, so commits are never what it
//! waits for.

mod activity;
mod blocks;
mod columns;
mod error;
mod failures;
mod file_header;
mod foreign_log;
mod history;
mod in_doubt;
mod issues;
mod locking;
mod missing_rows;
#[cfg(test)]
pub(crate) mod query_plans;
mod records;
mod reset;
mod schema;
pub mod settings;
mod stale_journal;
pub(crate) mod statements;
mod stays;
mod stored_record;
mod writer;

use std::fs::Permissions;
use std::io::ErrorKind as IoErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};

pub use activity::Totals;
pub use blocks::{BlockChange, Blocks, CleanBlock, StoredBlock};
pub use columns::Stored;
pub use error::{Result, StateError};
pub use failures::{Failure, LONGEST_PAUSE, is_pause_over};
pub use history::{Counts, Event, HistoryEntry, Run};
pub use in_doubt::InDoubtCall;
pub use issues::{Issue, Severity};
pub use missing_rows::{GivenUp, Note, Oldest, Stay};
pub use records::RecordScan;
pub(crate) use records::record_key;
pub use stays::{BookingStays, GuestStay, StayScan, replace_stays};
pub use stored_record::{
    Doubt, Operation, PendingWork, PlanRecord, RetryBackoff, Sighting, StoredRecord,
};
pub use writer::{SentRecord, Writer};

use crate::platform::{private_files, regular_file, sidecar_path};
use error::OpenError;

const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// Longer than a run takes to save its work, and shorter than a monitoring system waits.
const MONITORING_TIMEOUT: Duration = Duration::from_millis(1500);
/// More statements than there are. With the usual sixteen, a batch would parse most of them again
/// and again.
const STATEMENTS: usize = 128;

/// An open state, one `SQLite` file.
pub struct State {
    connection: Connection,
}

impl State {
    /// Opens the state, or makes a new one, and brings it to this version's schema.
    pub fn open(path: &Path) -> Result<State> {
        State::open_or_create(path).map_err(|error| error.with_path(path))
    }

    fn open_or_create(path: &Path) -> Result<State, OpenError> {
        create_private(path)?;
        State::prepare(connect(path)?)
    }

    /// Opens the state to look at it, also while a run is writing: nothing is made, migrated or
    /// changed. Where no run has been yet, it is an empty one in memory.
    pub fn open_readonly(path: &Path) -> Result<State> {
        State::open_readonly_within(path, BUSY_TIMEOUT)
    }

    /// The same, but it is soon given up: a run that hangs while it saves its work keeps everybody
    /// from reading the state, and monitoring has to say so.
    pub fn open_for_monitoring(path: &Path) -> Result<State> {
        State::open_readonly_within(path, MONITORING_TIMEOUT)
    }

    fn open_readonly_within(path: &Path, patience: Duration) -> Result<State> {
        if let Err(error) = std::fs::symlink_metadata(path)
            && error.kind() == IoErrorKind::NotFound
        {
            return State::in_memory();
        }
        match connect_readonly(path, patience).map_err(|error| error.with_path(path))? {
            Some(connection) => Ok(State { connection }),
            None => State::in_memory(),
        }
    }

    /// An empty state that lives in memory.
    pub fn in_memory() -> Result<State> {
        State::prepare(Connection::open_in_memory()?)
            .map_err(|error| error.with_path(Path::new(":memory:")))
    }

    fn prepare(mut connection: Connection) -> Result<State, OpenError> {
        connection.busy_timeout(BUSY_TIMEOUT)?;
        // FULL does not wait until the removal of the journal is on the disk: after a power cut the
        // journal may come back and undo the last commit.
        connection.pragma_update(None, "synchronous", "EXTRA")?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        enable_stable_query_plans(&connection)?;
        log_commits(&mut connection)?;
        schema::migrate(&connection)?;
        use_rollback_journal(&connection)?;
        Ok(State { connection })
    }

    /// Until this is dropped, everything is read as of one moment, and under one lock of the file.
    pub fn snapshot(&self) -> Result<Transaction<'_>> {
        Ok(self.connection.unchecked_transaction()?)
    }

    /// Begins a transaction: what is written through it is saved by [`Writer::commit`], all or
    /// nothing.
    ///
    /// It waits for another process that writes. If this process has already read in a transaction,
    /// it is refused without waiting.
    pub fn writer(&self) -> Result<Writer<'_>> {
        let behavior = TransactionBehavior::Immediate;
        Ok(Writer::new(Transaction::new_unchecked(&self.connection, behavior)?))
    }
}

/// Logs each commit, so that the log shows it among the requests: a run that was killed leaves the
/// state of one of these lines.
fn log_commits(connection: &mut Connection) -> rusqlite::Result<()> {
    connection.commit_hook(Some(|| {
        log::debug!("the state is saved");
        // It is not turned into a rollback.
        false
    }))
}

/// Another program may have switched the state over to a log, without which a copy of the file is
/// not whole. While that program has it open, it stays so.
fn use_rollback_journal(connection: &Connection) -> rusqlite::Result<()> {
    match connection.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(())) {
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => Ok(()),
        switched => switched,
    }
}

/// Makes `SQLite` plan a statement only once. By default it plans again for a value that might make
/// another index better.
pub(crate) fn enable_stable_query_plans(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(drop)
}

/// Opens a state to look at it; none while it is empty.
fn connect_readonly(path: &Path, patience: Duration) -> Result<Option<Connection>, OpenError> {
    file_header::refuse_strangers(path, &regular_file::read(path)?)?;
    let connection = connect(path)?;
    connection.busy_timeout(patience)?;
    connection.pragma_update(None, "query_only", true)?;
    let is_current = schema::is_current(&connection)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    Ok(is_current.then_some(connection))
}

/// Opens the file for writing, also to look at it: `SQLite` may have to roll back what a run that
/// was killed left behind.
fn connect(path: &Path) -> Result<Connection, OpenError> {
    stale_journal::set_foreign_journal_aside(path)?;
    foreign_log::set_aside(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    // A folder may be a link. The file itself was none a moment ago, and must be none now.
    let flags = flags | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    Ok(Connection::open_with_flags(sidecar_path::in_real_folder(path)?, flags)?)
}

/// Makes the file before `SQLite` does, so that others can never read it, and removes their
/// permissions from an old file. Another program's file is left as it is.
fn create_private(path: &Path) -> Result<(), OpenError> {
    let file = private_files::open_or_create_private(path)?.file;
    file_header::refuse_strangers(path, &file)?;
    if file.metadata()?.permissions().mode() & 0o077 != 0 {
        file.set_permissions(Permissions::from_mode(0o600))?;
    }
    Ok(())
}
