//! Which program a file belongs to, read from its first bytes before `SQLite` opens it: another
//! program's database keeps its bytes, its permissions and its journal
//! (<https://www.sqlite.org/fileformat2.html>, sections 1.3 and 1.6).

use std::fs::File;
use std::io::{Read, Seek};
use std::path::Path;

use rusqlite::ffi;

use super::error::OpenError;
use super::schema::APPLICATION_ID;
use crate::domain::messages::StateMessage;
use crate::state::stale_journal;

pub(super) const MAGIC: &[u8] = b"SQLite format 3\0";
/// The header, and after it the count of cells in the root page of the schema.
const LENGTH: usize = 105;
const USER_VERSION: usize = 60;
const APPLICATION: usize = 68;
/// A page of this type is the only one of the schema, and its cells are the tables and indexes.
const PAGE_TYPE: usize = 100;
const CELLS: usize = 103;
const LEAF: u8 = 13;

/// Refuses a file that is no state of ours. An empty file is allowed.
///
/// # Errors
/// Another program's file, with a message of ours; a spoiled one that no journal of ours repairs, with
/// `SQLite`'s error.
pub(super) fn refuse_strangers(path: &Path, mut file: &File) -> Result<(), OpenError> {
    let mut head = Vec::new();
    file.rewind()?;
    file.take(LENGTH as u64).read_to_end(&mut head)?;
    if head.is_empty() {
        return Ok(());
    }
    if head.len() == LENGTH && head.starts_with(MAGIC) {
        return if is_ours(&head) { Ok(()) } else { Err(StateMessage::OtherProgram.into()) };
    }
    if !is_spoiled(&head) {
        return Err(StateMessage::NotAState.into());
    }
    if !stale_journal::has_own_journal(path)? {
        let no_database = ffi::Error::new(ffi::SQLITE_NOTADB);
        return Err(rusqlite::Error::SqliteFailure(no_database, None).into());
    }
    Ok(())
}

/// Whether a power cut may have left this of the first page of a database: zeros, or its beginning.
fn is_spoiled(head: &[u8]) -> bool {
    let length = head.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let written = &head[..length];
    written.starts_with(MAGIC) || MAGIC.starts_with(written)
}

/// Whether the database has our application id, or is still empty.
fn is_ours(head: &[u8]) -> bool {
    let is_marked = head[APPLICATION..APPLICATION + 4] == APPLICATION_ID.to_be_bytes();
    let has_version = head[USER_VERSION..USER_VERSION + 4] != [0; 4];
    let has_tables = head[PAGE_TYPE] != LEAF || head[CELLS..CELLS + 2] != [0; 2];
    is_marked || !(has_version || has_tables)
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;
    use crate::state::State;

    fn is_refused(sql: &str) -> bool {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.db");
        Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        refuse_strangers(&path, &File::open(&path).unwrap()).is_err()
    }

    #[test]
    fn a_database_is_another_programs_once_something_was_made_in_it() {
        assert!(is_refused("CREATE TABLE theirs (x)"));
        assert!(is_refused("PRAGMA user_version = 3"));
        let many: Vec<String> = (0..200).map(|n| format!("CREATE TABLE t{n} (x);")).collect();
        assert!(is_refused(&many.concat()));
        assert!(!is_refused("VACUUM"));
        assert!(!is_refused("CREATE TABLE t (x); DROP TABLE t"));
    }

    #[test]
    fn a_state_is_known_by_its_mark() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.db");
        State::open(&path).unwrap();
        refuse_strangers(&path, &File::open(&path).unwrap()).unwrap();
    }
}
