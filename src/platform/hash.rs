//! A 64-bit fingerprint of values (FNV-1a): the same for the same values, on every machine and in every version.
//!
//! It is kept in the state between runs, so the standard library's hasher, which may change, will not do.

use std::hash::Hasher;

use rusqlite::types::ValueRef;

use crate::domain::record::RecordIdRef;

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

    /// Adds a cell of a database: its bytes, whatever their type.
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

/// A 64-bit digest of many values, taken eight bytes at a time: [`Fingerprint`] would cost an idle pass as much as
/// all its reading does. It is kept in the state too, so it never changes either.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Digest(u64);

impl Digest {
    /// A digest that begins with a number.
    pub(crate) fn new(seed: u64) -> Digest {
        Digest(seed ^ 0x2d35_8dcc_aa6c_78a5)
    }

    /// Adds eight bytes: the two halves of a long product hold every bit of both factors.
    pub(crate) fn word(&mut self, word: u64) {
        let product = u128::from(self.0 ^ word) * 0x9e37_79b9_7f4a_7c15;
        self.0 = (product as u64 ^ (product >> 64) as u64).wrapping_add(0x8bb8_4b93_962e_acc9);
    }

    fn bytes(&mut self, kind: u64, bytes: &[u8]) {
        self.word(kind ^ bytes.len() as u64);
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.word(u64::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            let mut last = [0; 8];
            last[..rest.len()].copy_from_slice(rest);
            self.word(u64::from_le_bytes(last));
        }
    }

    /// Adds a cell of a database, type included.
    pub(crate) fn value(&mut self, value: ValueRef<'_>) {
        match value {
            ValueRef::Null => self.word(0xd6e8_feb8_6659_fd93),
            ValueRef::Integer(number) => self.word(number.cast_unsigned()),
            ValueRef::Real(number) => self.word(number.to_bits() ^ 0xa076_1d64_78bd_642f),
            ValueRef::Text(bytes) => self.bytes(0xe703_7ed1_a0b4_28db, bytes),
            ValueRef::Blob(bytes) => self.bytes(0x8ebc_6af0_9c88_c6e3, bytes),
        }
    }

    /// Adds an id, as [`Digest::value`] does its cell.
    pub(crate) fn id(&mut self, id: RecordIdRef<'_>) {
        match id {
            RecordIdRef::Number(number) => self.value(ValueRef::Integer(number)),
            RecordIdRef::Text(text) => self.value(ValueRef::Text(text.as_bytes())),
        }
    }

    /// The digest.
    pub(crate) fn finish(self) -> u64 {
        self.0
    }
}

/// The fingerprint of one text.
pub fn text_hash(text: &str) -> u64 {
    let mut fingerprint = Fingerprint::default();
    fingerprint.text(text);
    fingerprint.finish()
}
