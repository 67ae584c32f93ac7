//! A 64-bit fingerprint of values (FNV-1a): the same for the same values, on every machine and in every version.
//!
//! It is kept in the state between passes, so the standard library's hasher, which may change, will not do.

use std::hash::Hasher;

use rusqlite::types::ValueRef;

/// FNV-1a, 64 bits.
#[derive(Clone, Copy, Debug)]
pub struct Fingerprint(u64);

impl Default for Fingerprint {
    fn default() -> Self {
        Fingerprint(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fingerprint {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

impl Fingerprint {
    /// Adds a text. Texts are kept apart: `ab`, `c` is not `a`, `bc`.
    pub fn text(&mut self, text: &str) {
        self.write(text.as_bytes());
        self.write(&[0xff]);
    }

    /// Adds a cell of a database, type included.
    pub(crate) fn value(&mut self, value: ValueRef<'_>) {
        match value {
            ValueRef::Null => self.write(&[0]),
            ValueRef::Integer(number) => self.write(&number.to_le_bytes()),
            ValueRef::Real(number) => self.write(&number.to_le_bytes()),
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => self.write(bytes),
        }
        self.write(&[0xff]);
    }
}

/// The fingerprint of one text.
pub fn of_text(text: &str) -> u64 {
    let mut fingerprint = Fingerprint::default();
    fingerprint.text(text);
    fingerprint.finish()
}
