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
mod history;
mod in_doubt;
mod issues;
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
mod writer;

use std::io::{self, ErrorKind as IoErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

pub use activity::Totals;
pub use blocks::{BlockChange, Blocks, CleanBlock, StoredBlock};
pub use columns::Stored;
pub use error::{Result, StateError};
pub use failures::{Failure, LONGEST_PAUSE};
pub use history::{Counts, Event, HistoryEntry, Run};
pub use in_doubt::InDoubtCall;
pub use issues::{Issue, Severity};
pub use missing_rows::{GivenUp, Note, Oldest, Stay};
pub use records::{
    Doubt, Operation, PendingWork, PlanRecord, RecordScan, RetryBackoff, Sighting, StoredRecord,
};
pub use stays::{BookingStays, GuestStay, StayScan, replace_stays};
pub use writer::{SentRecord, Writer};

use crate::platform::{private_files, regular_file, sidecar_path};
use error::OpenError;

const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// More than there are: with sixteen, as is usual, a batch would parse most of its statements again
/// and again.
const STATEMENTS: usize = 128;

/// An open state, one `SQLite` file.
pub struct State {
    connection: Connection,
}

impl State {
    /// Opens the state, or makes a new one, and brings it to this version's schema.
    pub fn open(path: &Path) -> Result<State> {
        let opened = create_private(path).and_then(|()| connect(path)).and_then(State::prepare);
        opened.map_err(|error| error.with_path(path))
    }

    /// Opens the state to look at it, also while a run is writing: nothing is made, migrated or
    /// changed. Where no run has been yet, it is an empty one in memory.
    pub fn open_readonly(path: &Path) -> Result<State> {
        if std::fs::symlink_metadata(path).is_err_and(|error| error.kind() == IoErrorKind::NotFound)
        {
            return State::in_memory();
        }
        let connection = connect_readonly(path).map_err(|error| error.with_path(path))?;
        connection.map_or_else(State::in_memory, |connection| Ok(State { connection }))
    }

    /// An empty state that lives in memory.
    pub fn in_memory() -> Result<State> {
        State::prepare(Connection::open_in_memory()?)
            .map_err(|error| error.with_path(Path::new(":memory:")))
    }

    fn prepare(mut connection: Connection) -> Result<State, OpenError> {
        connection.busy_timeout(BUSY_TIMEOUT)?;
        // FULL does not save that the journal is gone: after a power cut it may come back and undo
        // the last commit.
        connection.pragma_update(None, "synchronous", "EXTRA")?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        enable_stable_query_plans(&connection)?;
        log_commits(&mut connection)?;
        schema::migrate(&connection)?;
        Ok(State { connection })
    }

    /// What is read until this is dropped is read as of one moment, and under one lock of the file.
    pub fn snapshot(&self) -> Result<Transaction<'_>> {
        Ok(self.connection.unchecked_transaction()?)
    }

    /// Begins a transaction: what is written through it is saved by [`Writer::commit`], all or
    /// nothing.
    ///
    /// It waits for whoever else writes. Who has read already in a transaction is refused without
    /// waiting.
    pub fn writer(&self) -> Result<Writer<'_>> {
        Ok(Writer::new(Transaction::new_unchecked(
            &self.connection,
            TransactionBehavior::Immediate,
        )?))
    }
}

/// The log shows each commit among the requests: what a killed run leaves behind is the state as of
/// one of these lines.
fn log_commits(connection: &mut Connection) -> rusqlite::Result<()> {
    connection.commit_hook(Some(|| {
        log::debug!("the state is saved");
        // It is not turned into a rollback.
        false
    }))
}

/// A statement is planned once. Left to itself, `SQLite` plans one anew for each value that it is
/// run with, where the value might favour another index.
pub(crate) fn enable_stable_query_plans(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(drop)
}

/// Opens a state to look at it; none while it is empty.
fn connect_readonly(path: &Path) -> Result<Option<Connection>, OpenError> {
    file_header::refuse_strangers(path, &regular_file::read(path)?)?;
    let connection = connect(path)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(schema::is_current(&connection)?.then_some(connection))
}

/// Who only looks needs it writable too: SQLite has to roll back what a killed run left behind.
fn connect(path: &Path) -> Result<Connection, OpenError> {
    stale_journal::set_foreign_journal_aside(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    // A folder may be a link. The file itself was none a moment ago, and must be none now.
    let flags = flags | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    Ok(Connection::open_with_flags(in_real_folder(path)?, flags)?)
}

fn in_real_folder(path: &Path) -> io::Result<PathBuf> {
    let folder = sidecar_path::parent_dir(path).canonicalize()?;
    Ok(path.file_name().map_or(folder.clone(), |name| folder.join(name)))
}

/// Makes the file before `SQLite` does, so that it is never readable by others, and takes an old
/// file's rights away. Another program's file is left as it is.
fn create_private(path: &Path) -> Result<(), OpenError> {
    let file = private_files::open_or_create_private(path)?.file;
    file_header::refuse_strangers(path, &file)?;
    {
        use std::os::unix::fs::PermissionsExt;
        if file.metadata()?.permissions().mode() & 0o077 != 0 {
            file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
        }
    }
    Ok(())
}
