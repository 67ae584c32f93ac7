//! The rollback journal that a killed process leaves beside the state.
//!
//! It belongs to the file that was being written. When somebody puts an older copy over that file, `SQLite` would play
//! pages of the newer state into it and tell nobody. A journal holds the first page as it was, and in it a counter that
//! each commit raises by one; where that page was not changed yet, its own size of the file still holds
//! (<https://www.sqlite.org/fileformat2.html>, sections 1.3 and 3). What does not fit the file is not its journal.

use std::fs::{self, File};
use std::io::{self, BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;

use crate::beside::beside;
use crate::say;

/// The first eight bytes of a journal.
const MAGIC: [u32; 2] = [0xd9d5_05f9, 0x20a1_63d7];
/// Where a database's first page has the counter of its commits, and then its size in pages.
const COUNTER: u64 = 24;

/// What a journal says of the file that it belongs to.
struct Owner {
    /// The counter before the commit that was under way; none where that had not come to the first page.
    counter: Option<u32>,
    /// Its size in pages.
    pages: u32,
}

/// Puts a journal out of the way that is not this file's.
pub(super) fn set_foreign_journal_aside(state: &Path) -> io::Result<()> {
    let journal = beside(state, "-journal");
    if !journal.exists() {
        return Ok(());
    }
    // Asked on both sides: while somebody commits between the two, nothing is concluded.
    let Some(before) = head(state)? else { return Ok(()) };
    let Some(owner) = owner(&journal)? else { return Ok(()) };
    if head(state)? != Some(before) || fits(&owner, before) {
        return Ok(());
    }
    let aside = beside(state, "-journal.foreign");
    fs::rename(&journal, &aside)?;
    let aside = aside.display();
    log::warn!(
        "{}",
        say!(
            "рядом с файлом состояния лежал журнал другого файла (после прерванного запуска вернули копию?); он переименован в {aside}, его можно удалить",
            "beside the state lay the journal of another file (was a copy put back after a pass was killed?); it is {aside} now and can be deleted"
        )
    );
    Ok(())
}

fn fits(owner: &Owner, [counter, pages]: [u32; 2]) -> bool {
    match owner.counter {
        Some(before) => counter == before || counter == before.wrapping_add(1),
        None => pages == owner.pages,
    }
}

/// The counter of a database, and its size in pages; none where there is no first page.
fn head(state: &Path) -> io::Result<Option<[u32; 2]>> {
    let Some(mut file) = present(File::open(state))? else { return Ok(None) };
    file.seek(SeekFrom::Start(COUNTER))?;
    numbers(&mut file)
}

/// None where there is no journal, or none that would be played back.
fn owner(journal: &Path) -> io::Result<Option<Owner>> {
    let Some(file) = present(File::open(journal))? else { return Ok(None) };
    let mut file = BufReader::new(file);
    let (mut at, mut size) = (0, None);
    loop {
        file.seek(SeekFrom::Start(at))?;
        let Some([first, second, records, _, original, sector, page]) = numbers(&mut file)? else { break };
        if [first, second] != MAGIC || sector < 32 || page < 512 {
            break;
        }
        let pages = *size.get_or_insert(original);
        at += u64::from(sector);
        file.seek(SeekFrom::Start(at))?;
        for _ in 0..records {
            let Some([number]) = numbers(&mut file)? else { break };
            if number == 1 {
                file.seek_relative(COUNTER as i64)?;
                let counter = numbers(&mut file)?.map(|[counter]| counter);
                return Ok(Some(Owner { counter, pages }));
            }
            // The page and its checksum.
            file.seek_relative(i64::from(page) + 4)?;
            at += u64::from(page) + 8;
        }
        at = at.next_multiple_of(u64::from(sector));
    }
    Ok(size.map(|pages| Owner { counter: None, pages }))
}

/// The next numbers; none where the file ends before.
fn numbers<const N: usize>(file: &mut impl Read) -> io::Result<Option<[u32; N]>> {
    let mut numbers = [0; N];
    for number in &mut numbers {
        let mut bytes = [0; 4];
        match file.read_exact(&mut bytes) {
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
            read => read?,
        }
        *number = u32::from_be_bytes(bytes);
    }
    Ok(Some(numbers))
}

/// None where the file is not there.
fn present(opened: io::Result<File>) -> io::Result<Option<File>> {
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

    /// What a process leaves that dies within this transaction, which is too large for its memory, after `commits`
    /// others; and the file as it was before all of them.
    fn killed(commits: u32, transaction: &str) -> (TempDir, PathBuf, Vec<u8>) {
        let folder = tempfile::tempdir().unwrap();
        let (lived, state) = (folder.path().join("lived.db"), folder.path().join("state.db"));
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
            fs::copy(beside(&lived, suffix), beside(&state, suffix)).unwrap();
        }
        (folder, state, older)
    }

    const GROWS: &str = "UPDATE t SET x = zeroblob(9001); INSERT INTO t SELECT x FROM t";

    fn rows(state: &Path) -> i64 {
        let connection = Connection::open(state).unwrap();
        let sound: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(sound, "ok");
        connection.query_row("SELECT count(*) FROM t", [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn a_files_own_journal_is_left_to_sqlite() {
        // The second one changes the first page early.
        for transaction in [GROWS.to_owned(), format!("CREATE TABLE u (x); {GROWS}")] {
            let (_folder, state, _) = killed(30, &transaction);
            set_foreign_journal_aside(&state).unwrap();
            assert!(beside(&state, "-journal").exists());
            assert_eq!(rows(&state), 31);
        }
    }

    #[test]
    fn another_files_journal_is_set_aside() {
        for transaction in [GROWS.to_owned(), format!("CREATE TABLE u (x); {GROWS}")] {
            let (_folder, state, older) = killed(30, &transaction);
            fs::write(&state, older).unwrap();
            set_foreign_journal_aside(&state).unwrap();
            assert!(!beside(&state, "-journal").exists() && beside(&state, "-journal.foreign").exists());
            assert_eq!(rows(&state), 1);
        }
    }

    /// A journal of one record, of this page, for a file of so many pages, after a head of this many bytes.
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
        let [now, pages] = head(&state).unwrap().unwrap();
        for (journal, is_foreign) in [
            (journal(32, 1, pages, now), false),
            (journal(32, 1, 1, now - 1), false),
            (journal(32, 1, pages, now - 2), true),
            (journal(32, 2, pages, 0), false),
            (journal(32, 2, pages + 1, 0), true),
            (journal(0, 1, pages + 1, 0), false),
        ] {
            fs::write(beside(&state, "-journal"), &journal).unwrap();
            set_foreign_journal_aside(&state).unwrap();
            assert_eq!(!beside(&state, "-journal").exists(), is_foreign, "{journal:?}");
        }
    }

    #[test]
    fn without_a_state_or_a_journal_nothing_is_done() {
        let (folder, state, _) = killed(1, GROWS);
        fs::remove_file(beside(&state, "-journal")).unwrap();
        set_foreign_journal_aside(&state).unwrap();
        set_foreign_journal_aside(&folder.path().join("new.db")).unwrap();
        fs::write(beside(&state, "-journal"), "no journal at all, but as long as the head of one").unwrap();
        set_foreign_journal_aside(&state).unwrap();
        assert!(beside(&state, "-journal").exists());
    }
}
