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
    let (mut at, mut pages) = (0, None);
    loop {
        file.seek(SeekFrom::Start(at))?;
        let Some([first, second, records, _, original, sector, page]) = numbers(&mut file)? else { break };
        if [first, second] != MAGIC || sector < 32 || page < 512 {
            break;
        }
        let pages = *pages.get_or_insert(original);
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
    Ok(pages.map(|pages| Owner { counter: None, pages }))
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
