//! The rollback journal that a killed process leaves beside the state.
//!
//! It belongs to the file that was being written. If that file is replaced by an older copy,
//! `SQLite` would write pages of the newer state into it without a word. A journal has the first
//! page as it was before, and in it a counter that each commit raises by one; if that page was not
//! changed yet, the journal still has the size of the file
//! (<https://www.sqlite.org/fileformat2.html>, sections 1.3 and 3). A journal whose counter or size
//! does not fit the file is not its own.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::error::OpenError;
use super::schema::APPLICATION_ID;
use crate::domain::messages::{Message, StateMessage};
use crate::domain::run_error::message_of_io;
use crate::platform::sidecar_path::sidecar_path;
use crate::platform::{range_lock, regular_file};

/// The first eight bytes of a journal.
const MAGIC: [u32; 2] = [0xd9d5_05f9, 0x20a1_63d7];
/// Where a database's first page has the counter of its commits, and then its size in pages.
const COUNTER: u64 = 24;
/// Where it has the application id, counted from the end of the counter.
const APPLICATION_AFTER_COUNTER: i64 = 68 - 24 - 4;
/// How long to wait for another process that reads the state.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// What a journal says of the file that it belongs to.
struct JournalHeader {
    /// The counter before the commit that was interrupted; none where that commit had not changed
    /// the first page.
    counter: Option<u32>,
    /// The application id of the first page then.
    application: Option<u32>,
    /// The size of the file then, in pages.
    pages: u32,
}

/// Renames a journal that does not belong to this file.
///
/// No other process reads or writes the state at this time: a run that begins now would make its
/// own journal, and that one would be renamed.
pub(super) fn set_foreign_journal_aside(state: &Path) -> Result<(), OpenError> {
    if !has_foreign_journal(state)? {
        return Ok(());
    }
    let file = regular_file::open(state, OpenOptions::new().read(true).write(true))?;
    let give_up = Instant::now() + BUSY_TIMEOUT;
    while !range_lock::try_lock(&file, range_lock::DATABASE)? {
        // A process that writes has already checked the old journal, so this one is its own.
        if range_lock::is_held(&file, range_lock::WRITER) || Instant::now() > give_up {
            return Ok(());
        }
        sleep(POLL_INTERVAL);
    }
    if has_foreign_journal(state)? {
        set_aside(state)?;
    }
    Ok(())
}

/// Whether `SQLite` may repair a file whose first page cannot be read: a commit of ours was
/// interrupted.
pub(super) fn has_own_journal(state: &Path) -> Result<bool, OpenError> {
    match journal_header(&sidecar_path(state, "-journal"))? {
        Some(header) => Ok(header.pages == 0 || header.application == Some(APPLICATION_ID)),
        None => Ok(false),
    }
}

fn has_foreign_journal(state: &Path) -> Result<bool, OpenError> {
    let journal = sidecar_path(state, "-journal");
    if fs::symlink_metadata(&journal).is_err() {
        return Ok(false);
    }
    // The file is read before and after the journal: a commit between the two makes it uncertain.
    let Some(before) = read_header(state)? else { return Ok(false) };
    let Some(header) = journal_header(&journal)? else { return Ok(false) };
    Ok(read_header(state)? == Some(before) && !belongs_to(&header, before))
}

fn set_aside(state: &Path) -> io::Result<()> {
    let aside = sidecar_path(state, "-journal.foreign");
    fs::rename(sidecar_path(state, "-journal"), &aside)?;
    let told = StateMessage::ForeignJournal { path: aside.display().to_string() };
    log::warn!("{}", Message::from(told));
    Ok(())
}

fn belongs_to(header: &JournalHeader, [counter, pages]: [u32; 2]) -> bool {
    match header.counter {
        Some(before) => counter == before || counter == before.wrapping_add(1),
        // The first commit of a new state: the file had no page before.
        None if header.pages == 0 => counter <= 1,
        None => pages == header.pages,
    }
}

/// The counter of a database, and its size in pages; none where there is no first page, or a power
/// cut spoiled it: only the journal can restore it then.
fn read_header(state: &Path) -> io::Result<Option<[u32; 2]>> {
    let Some(mut file) = if_exists(regular_file::read(state))? else { return Ok(None) };
    let mut bytes = [0; COUNTER as usize];
    if !is_complete(file.read_exact(&mut bytes))?
        || !bytes.starts_with(crate::state::file_header::MAGIC)
    {
        return Ok(None);
    }
    read_u32s(&mut file)
}

/// None where there is no journal, or none that `SQLite` would use.
fn journal_header(journal: &Path) -> Result<Option<JournalHeader>, OpenError> {
    let Some(file) = open_journal(journal)? else { return Ok(None) };
    let mut file = BufReader::new(file);
    let mut at = 0;
    let mut size = None;
    loop {
        file.seek(SeekFrom::Start(at))?;
        let Some([first, second, records, _, original, sector, page]) = read_u32s(&mut file)?
        else {
            break;
        };
        if [first, second] != MAGIC || sector < 32 || page < 512 {
            break;
        }
        let pages = *size.get_or_insert(original);
        at += u64::from(sector);
        file.seek(SeekFrom::Start(at))?;
        for _ in 0..records {
            let Some([number]) = read_u32s(&mut file)? else { break };
            if number == 1 {
                return Ok(Some(first_page(&mut file, pages)?));
            }
            // The page and its checksum.
            file.seek_relative(i64::from(page) + 4)?;
            at += u64::from(page) + 8;
        }
        at = at.next_multiple_of(u64::from(sector));
    }
    Ok(size.map(|pages| JournalHeader { counter: None, application: None, pages }))
}

/// Opens a file that `SQLite` keeps beside the state; none where there is none.
pub(super) fn open_journal(journal: &Path) -> Result<Option<File>, OpenError> {
    match if_exists(regular_file::read(journal)) {
        Err(error) if regular_file::is_unfit(&error) => {
            let path = journal.display().to_string();
            Err(StateMessage::JournalUnfit { path, reason: message_of_io(&error).into() }.into())
        }
        opened => Ok(opened?),
    }
}

/// Reads the first page, which the journal has here.
fn first_page(file: &mut BufReader<File>, pages: u32) -> io::Result<JournalHeader> {
    file.seek_relative(COUNTER as i64)?;
    let counter = read_u32s(file)?.map(|[counter]| counter);
    file.seek_relative(APPLICATION_AFTER_COUNTER)?;
    let application = read_u32s(file)?.map(|[application]| application);
    Ok(JournalHeader { counter, application, pages })
}

/// The next numbers; none where the file ends too early.
fn read_u32s<const N: usize>(file: &mut impl Read) -> io::Result<Option<[u32; N]>> {
    let mut numbers = [0; N];
    for number in &mut numbers {
        let mut bytes = [0; 4];
        if !is_complete(file.read_exact(&mut bytes))? {
            return Ok(None);
        }
        *number = u32::from_be_bytes(bytes);
    }
    Ok(Some(numbers))
}

/// False where the file ended before all bytes were read.
fn is_complete(read: io::Result<()>) -> io::Result<bool> {
    match read {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        read => read.map(|()| true),
    }
}

/// None where the file is not there.
fn if_exists(opened: io::Result<File>) -> io::Result<Option<File>> {
    match opened {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        opened => opened.map(Some),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use rusqlite::Connection;
    use tempfile::TempDir;

    use super::*;

    /// What a process leaves that dies within this transaction, which is too large for its memory,
    /// after `commits` others; and the file as it was before all of them.
    fn killed(commits: u32, transaction: &str) -> (TempDir, PathBuf, Vec<u8>) {
        let folder = tempfile::tempdir().unwrap();
        let lived = folder.path().join("lived.db");
        let state = folder.path().join("state.db");
        let connection = Connection::open(&lived).unwrap();
        connection
            .execute_batch("PRAGMA cache_size = 5; CREATE TABLE t (x); INSERT INTO t VALUES (0)")
            .unwrap();
        let older = fs::read(&lived).unwrap();
        for _ in 0..commits {
            connection.execute_batch("INSERT INTO t VALUES (zeroblob(9000))").unwrap();
        }
        connection.execute_batch(&format!("BEGIN; {transaction}")).unwrap();
        for suffix in ["", "-journal"] {
            fs::copy(sidecar_path(&lived, suffix), sidecar_path(&state, suffix)).unwrap();
        }
        (folder, state, older)
    }

    const GROWS: &str = "UPDATE t SET x = zeroblob(9001); INSERT INTO t SELECT x FROM t";

    fn rows(state: &Path) -> i64 {
        let connection = Connection::open(state).unwrap();
        let sound: String =
            connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(sound, "ok");
        connection.query_row("SELECT count(*) FROM t", [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn a_files_own_journal_is_left_to_sqlite() {
        // The second one changes the first page early.
        for transaction in [GROWS.to_owned(), format!("CREATE TABLE u (x); {GROWS}")] {
            let (_folder, state, _) = killed(30, &transaction);
            set_foreign_journal_aside(&state).unwrap();
            assert!(sidecar_path(&state, "-journal").exists());
            assert_eq!(rows(&state), 31);
        }
    }

    #[test]
    fn another_files_journal_is_set_aside() {
        for transaction in [GROWS.to_owned(), format!("CREATE TABLE u (x); {GROWS}")] {
            let (_folder, state, older) = killed(30, &transaction);
            fs::write(&state, older).unwrap();
            set_foreign_journal_aside(&state).unwrap();
            assert!(
                !sidecar_path(&state, "-journal").exists()
                    && sidecar_path(&state, "-journal.foreign").exists()
            );
            assert_eq!(rows(&state), 1);
        }
    }

    /// A journal of one record, of this page, for a file of so many pages, after a head of this
    /// many bytes.
    fn journal(head: u32, page: u32, pages: u32, counter: u32) -> Vec<u8> {
        let [first, second] = MAGIC;
        let words = [first, second, 1, 0, pages, head, 512];
        let mut bytes: Vec<u8> = words.into_iter().flat_map(u32::to_be_bytes).collect();
        bytes.resize(head.max(32) as usize, 0);
        bytes.extend(page.to_be_bytes());
        bytes.extend([0; COUNTER as usize]);
        bytes.extend(counter.to_be_bytes());
        bytes.resize(bytes.len() + 600, 0);
        bytes
    }

    #[test]
    fn the_first_pages_counter_decides_else_the_size_and_nothing_where_there_is_no_record() {
        let (_folder, state, _) = killed(3, GROWS);
        let [now, pages] = read_header(&state).unwrap().unwrap();
        for (journal, is_foreign) in [
            (journal(32, 1, pages, now), false),
            (journal(32, 1, 1, now - 1), false),
            (journal(32, 1, pages, now - 2), true),
            (journal(32, 2, pages, 0), false),
            (journal(32, 2, pages + 1, 0), true),
            (journal(0, 1, pages + 1, 0), false),
        ] {
            fs::write(sidecar_path(&state, "-journal"), &journal).unwrap();
            set_foreign_journal_aside(&state).unwrap();
            assert_eq!(!sidecar_path(&state, "-journal").exists(), is_foreign, "{journal:?}");
        }
    }

    #[test]
    fn without_a_state_or_a_journal_nothing_is_done() {
        let (folder, state, _) = killed(1, GROWS);
        fs::remove_file(sidecar_path(&state, "-journal")).unwrap();
        set_foreign_journal_aside(&state).unwrap();
        set_foreign_journal_aside(&folder.path().join("new.db")).unwrap();
        fs::write(
            sidecar_path(&state, "-journal"),
            "no journal at all, but as long as the head of one",
        )
        .unwrap();
        set_foreign_journal_aside(&state).unwrap();
        assert!(sidecar_path(&state, "-journal").exists());
    }
}
