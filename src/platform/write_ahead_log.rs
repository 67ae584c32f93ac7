//! Reads the log of a database in WAL mode, as it lies beside the file:
//! <https://sqlite.org/fileformat2.html#the_write_ahead_log>.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

pub(crate) const LOG_HEADER: u64 = 32;
const FRAME_HEADER: u64 = 24;
/// The first number of a log; its last bit says in which byte order the checksums are.
const MAGIC: u32 = 0x377f_0682;
const PAGE_SIZES: std::ops::RangeInclusive<u64> = 512..=65536;

pub(crate) struct Log {
    file: File,
    page_size: u64,
    salts: [u8; 8],
}

impl Log {
    /// # Errors
    /// `InvalidData`, or the end of the file: it is no log, and `SQLite` does not use it.
    pub(crate) fn read(mut file: File) -> io::Result<Log> {
        let mut header = [0; LOG_HEADER as usize];
        file.read_exact(&mut header)?;
        let page_size = u64::from(number(&header, 8));
        if number(&header, 0) & !1 != MAGIC || !PAGE_SIZES.contains(&page_size) {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let mut salts = [0; 8];
        salts.copy_from_slice(&header[16..24]);
        Ok(Log { file, page_size, salts })
    }

    /// The place in the log of each page, as of the last commit.
    pub(crate) fn committed(&mut self) -> BTreeMap<u32, u64> {
        let mut pages = BTreeMap::new();
        let mut open = Vec::new();
        let mut at = LOG_HEADER;
        while let Ok(header) = read_at(&mut self.file, at, FRAME_HEADER as usize) {
            let page = number(&header, 0);
            if page == 0 || header[8..16] != self.salts {
                break;
            }
            open.push((page, at + FRAME_HEADER));
            let size = number(&header, 4);
            if size > 0 {
                pages.extend(open.drain(..));
                pages.retain(|page, _| (1..=size).contains(page));
            }
            at += FRAME_HEADER + self.page_size;
        }
        pages
    }

    /// Whether the database has this page as it stands at this place of the log.
    pub(crate) fn is_copied(
        &mut self,
        page: u32,
        place: u64,
        database: &mut File,
    ) -> io::Result<bool> {
        let length = self.page_size as usize;
        let logged = read_at(&mut self.file, place, length)?;
        let start = u64::from(page - 1) * self.page_size;
        Ok(read_at(database, start, length).ok() == Some(logged))
    }
}

fn number(bytes: &[u8], at: usize) -> u32 {
    let mut number = [0; 4];
    number.copy_from_slice(&bytes[at..at + 4]);
    u32::from_be_bytes(number)
}

fn read_at(file: &mut File, at: u64, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    file.seek(SeekFrom::Start(at))?;
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}
