//! How the letters of a text file are written: UTF-8, UTF-16 with its mark, or an old encoding of
//! one byte a letter.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek};

use encoding_rs::{Encoding, UTF_8, WINDOWS_1251};
use encoding_rs_io::{DecodeReaderBytes, DecodeReaderBytesBuilder};

/// A text file that is read as UTF-8.
pub(super) type DecodedFile = BufReader<DecodeReaderBytes<File, Vec<u8>>>;

/// The file as UTF-8, from its beginning, without a byte order mark. Bytes that are no letter
/// become `U+FFFD`.
pub(super) fn decoded(mut file: File, old: Option<&'static Encoding>) -> io::Result<DecodedFile> {
    let is_utf_8 = Letters::count(BufReader::new(&file))?.are_utf_8();
    let encoding = if is_utf_8 { UTF_8 } else { old.unwrap_or(WINDOWS_1251) };
    file.rewind()?;
    // A byte order mark wins over what is named here.
    let mut decoder = DecodeReaderBytesBuilder::new();
    let decoder = decoder.encoding(Some(encoding)).bom_override(true).build(file);
    Ok(BufReader::new(decoder))
}

/// What the bytes of a file look like.
#[derive(Default)]
struct Letters {
    utf_8: u64,
    /// Bytes that UTF-8 has no letter for.
    others: u64,
}

impl Letters {
    /// By lines: no letter reaches beyond one.
    fn count(mut bytes: impl BufRead) -> io::Result<Letters> {
        let mut letters = Letters::default();
        let mut line = Vec::new();
        while bytes.read_until(b'\n', &mut line)? > 0 {
            for chunk in line.utf8_chunks() {
                letters.utf_8 += chunk.valid().chars().filter(|c| !c.is_ascii()).count() as u64;
                letters.others += u64::from(!chunk.invalid().is_empty());
            }
            line.clear();
        }
        Ok(letters)
    }

    /// A text of an old encoding hardly ever has a letter of UTF-8 by chance; one of UTF-8 may have
    /// a broken row.
    fn are_utf_8(&self) -> bool {
        self.others == 0 || self.utf_8 > self.others
    }
}

/// Whether letters were lost: their bytes mean nothing in the file's encoding.
pub(super) fn is_broken(text: &str) -> bool {
    // Old encodings have bytes without a letter, which are read as controls.
    text.chars().any(|c| c == char::REPLACEMENT_CHARACTER || ('\u{80}'..='\u{9f}').contains(&c))
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;

    fn read(bytes: &[u8], old: Option<&'static Encoding>) -> String {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file.rewind().unwrap();
        let mut text = String::new();
        decoded(file, old).unwrap().read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn a_report_is_read_in_the_encoding_that_it_has() {
        let text = "Код;Фамилия\r\n1;Приходько";
        let utf_16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(read(text.as_bytes(), None), text);
        assert_eq!(read(&[b"\xef\xbb\xbf", text.as_bytes()].concat(), None), text);
        assert_eq!(read(&[b"\xff\xfe".as_slice(), &utf_16].concat(), None), text);
        assert_eq!(read(&WINDOWS_1251.encode(text).0, None), text);
        assert_eq!(read(&encoding_rs::KOI8_R.encode(text).0, Some(encoding_rs::KOI8_R)), text);
        assert_eq!(read(b"id;name\n1;Smith", None), "id;name\n1;Smith");
    }

    #[test]
    fn a_broken_row_of_utf_8_makes_no_other_encoding_of_the_file() {
        assert!(!is_broken(&read("Код;Имя\n1;Пётр".as_bytes(), None)));
        let broken = read(&["Код;Имя\n1;Пётр\n2;".as_bytes(), b"\xcf\xfe\n3;x"].concat(), None);
        assert!(broken.contains("Пётр") && is_broken(&broken), "{broken}");
    }
}
