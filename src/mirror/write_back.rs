//! Writes new ids of the CRM into the mirror's `crm_id`, for hotels whose replication carries them
//! back to Ecvi.
//!
//! Nothing else is ever written into the mirror, and this only where the configuration asks for it.

use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::access::admit;
use super::functions;
use super::ids::key;
use super::open_within;
use super::reason::with_cause;
use crate::config::MirrorConfig;
use crate::domain::messages::MirrorMessage;
use crate::domain::record::{RecordId, RecordKey};
use crate::domain::run_error::RunError;
use crate::platform::clock::ReadLimit;
use crate::platform::sidecar_path::sidecar_path;

/// How long to wait for the program that fills the mirror. The next run writes what this one could
/// not.
const WRITE_BACK_TIMEOUT: Duration = Duration::from_secs(5);

const FLAGS: OpenFlags = OpenFlags::SQLITE_OPEN_READ_WRITE.union(OpenFlags::SQLITE_OPEN_NO_MUTEX);

/// The object of a record, for the mirror.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WriteBack {
    /// The record in the mirror.
    pub key: RecordKey,
    /// Its object in the CRM, where it has one.
    pub crm_id: Option<i64>,
}

/// Writes the ids, all or none. A trigger of the mirror may never end, so there is a limit.
pub fn write_back(
    config: &MirrorConfig,
    links: &[WriteBack],
    limit: &ReadLimit,
) -> Result<(), RunError> {
    let _admission = admit(&config.path, WRITE_BACK_TIMEOUT)?;
    write_all(config, links, limit).map_err(|error| not_written(config, limit, &error))
}

fn not_written(config: &MirrorConfig, limit: &ReadLimit, error: &rusqlite::Error) -> RunError {
    let path = config.path.display().to_string();
    match error.sqlite_error_code() {
        Some(ErrorCode::OperationInterrupted) if limit.is_stopped() => {
            RunError::interrupted(MirrorMessage::WriteBackInterrupted)
        }
        Some(ErrorCode::OperationInterrupted) => {
            RunError::interrupted(MirrorMessage::WriteBackTooLong { path })
        }
        _ => with_cause(MirrorMessage::NotWrittenBack { path }, error),
    }
}

fn write_all(
    config: &MirrorConfig,
    links: &[WriteBack],
    limit: &ReadLimit,
) -> rusqlite::Result<()> {
    let mut connection = open_within(&config.path, FLAGS, WRITE_BACK_TIMEOUT, limit)?;
    // As in the state: after a power cut the journal may come back otherwise and undo the commit,
    // and the state would not know that these ids have to be written once more.
    connection.pragma_update(None, "synchronous", "EXTRA")?;
    functions::add(&connection, None)?;
    let transaction = connection.transaction()?;
    for WriteBack { key, crm_id } in links {
        set(&transaction, &config.sources[key.kind.table()], &key.id, *crm_id)?;
    }
    transaction.commit()
}

/// Ids are compared by their bytes, since the column's own collation may be unknown here.
fn set(
    connection: &Connection,
    table: &str,
    id: &RecordId,
    crm_id: Option<i64>,
) -> rusqlite::Result<()> {
    let row = "id COLLATE BINARY = ?1";
    let exists = format!("SELECT 1 FROM {table} WHERE {row}");
    if connection.prepare_cached(&exists)?.exists([id])? {
        let sql = format!("UPDATE {table} SET crm_id = ?2 WHERE {row} AND crm_id IS NOT ?2");
        connection.prepare_cached(&sql)?.execute((id, crm_id))?;
    } else {
        // The mirror pads its ids.
        let sql =
            format!("UPDATE {table} SET crm_id = ?2 WHERE ecvi_id(id) = ?1 AND crm_id IS NOT ?2");
        connection.prepare_cached(&sql)?.execute((key(id.borrowed()), crm_id))?;
    }
    Ok(())
}

/// Undoes what a run that was killed in the middle of [`write_back`] left half done: a connection
/// that only reads cannot do that.
///
/// An error here comes again when the mirror is read, and is reported there.
pub(super) fn recover_hot_journal(config: &MirrorConfig) {
    if config.write_back && sidecar_path(&config.path, "-journal").exists() {
        let recovered = Connection::open_with_flags(&config.path, FLAGS).and_then(|mirror| {
            mirror.query_row("SELECT count(*) FROM sqlite_master", [], |_| Ok(()))
        });
        log::info!("the mirror has a journal: {recovered:?}");
    }
}
