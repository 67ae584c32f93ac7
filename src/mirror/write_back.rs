//! New ids of the CRM, written into the mirror's `crm_id` for hotels whose replication carries them back to Ecvi.
//!
//! The only thing that is ever written into the mirror, and only where the configuration asks for it.

use std::time::Duration;

use anyhow::{Context, Result};
use rusqlite::{Connection, OpenFlags};

use super::access::admit;
use super::functions;
use super::ids::key;
use crate::config::MirrorConfig;
use crate::domain::record::{RecordId, RecordKey};
use crate::platform::sidecar_path::sidecar_path;
use crate::say;

/// Whatever fills the mirror comes first; what is not written now goes with the next run.
const WRITE_BACK_TIMEOUT: Duration = Duration::from_secs(5);

/// The object of a record, for the mirror.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WriteBack {
    /// The record.
    pub key: RecordKey,
    /// Its object; none once it has none.
    pub crm_id: Option<i64>,
}

/// Writes the ids, all or none.
pub fn write_back(config: &MirrorConfig, links: &[WriteBack]) -> Result<()> {
    let shown = config.path.display();
    let broken = || {
        say!(
            "в зеркало {shown} не записываются номера CRM ([mirror] write_back): проверьте права и столбец crm_id",
            "CRM ids cannot be written into the mirror {shown} ([mirror] write_back): check its permissions and the column crm_id"
        )
    };
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let _admission = admit(&config.path, WRITE_BACK_TIMEOUT)?;
    let mut connection = Connection::open_with_flags(&config.path, flags).with_context(broken)?;
    connection.busy_timeout(WRITE_BACK_TIMEOUT).with_context(broken)?;
    functions::add(&connection, None).with_context(broken)?;
    let transaction = connection.transaction().with_context(broken)?;
    for WriteBack { key, crm_id } in links {
        set(&transaction, &config.sources[key.kind], &key.id, *crm_id).with_context(broken)?;
    }
    transaction.commit().with_context(broken)
}

/// Ids are compared by their bytes, since the column's own collation may be unknown here.
fn set(connection: &Connection, table: &str, id: &RecordId, crm_id: Option<i64>) -> rusqlite::Result<()> {
    let row = "id COLLATE BINARY = ?1";
    let exists = format!("SELECT 1 FROM {table} WHERE {row}");
    if connection.prepare_cached(&exists)?.exists([id])? {
        let sql = format!("UPDATE {table} SET crm_id = ?2 WHERE {row} AND crm_id IS NOT ?2");
        connection.prepare_cached(&sql)?.execute((id, crm_id))?;
    } else {
        // The mirror pads its ids.
        let sql = format!("UPDATE {table} SET crm_id = ?2 WHERE ecvi_id(id) = ?1 AND crm_id IS NOT ?2");
        connection.prepare_cached(&sql)?.execute((key(id.borrowed()), crm_id))?;
    }
    Ok(())
}

/// Undoes what a run that was killed in the middle of [`write_back`] left half done: who only reads cannot do that.
///
/// What fails here fails again when the mirror is read, and is told there.
pub(super) fn recover_hot_journal(config: &MirrorConfig) {
    if config.write_back && sidecar_path(&config.path, "-journal").exists() {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let looked = Connection::open_with_flags(&config.path, flags)
            .and_then(|mirror| mirror.query_row("SELECT count(*) FROM sqlite_master", [], |_| Ok(())));
        log::info!("a journal stands beside the mirror: {looked:?}");
    }
}
