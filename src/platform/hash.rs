//! 64-bit fingerprints of values, equal on every machine and in every version of the program: the
//! state keeps them between runs. The standard library's hasher may change, so it is not used.

use std::hash::Hasher;

use fnv::FnvHasher;
use rusqlite::types::ValueRef;

use crate::domain::record::RecordIdRef;

/// An FNV-1a hash of 64 bits.
#[derive(Default)]
pub struct Fingerprint(FnvHasher);

impl Hasher for Fingerprint {
    fn write(&mut self, bytes: &[u8]) {
        self.0.write(bytes);
    }

    fn finish(&self) -> u64 {
        self.0.finish()
    }
}

impl Fingerprint {
    /// Adds a text. Texts are kept apart: `ab`, `c` is not `a`, `bc`.
    pub fn text(&mut self, text: &str) {
        self.write(text.as_bytes());
        self.write(&[0xff]);
    }

    /// Adds the bytes of a cell of a database, without their type.
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

/// A 64-bit digest of many values, eight bytes at a time. [`Fingerprint`] would cost a run without
/// changes as much as all its reading. The state keeps digests too, so their values never change
/// either.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Digest(u64);

impl Digest {
    /// Digests with different seeds differ.
    pub(crate) fn new(seed: u64) -> Digest {
        Digest(seed ^ 0x2d35_8dcc_aa6c_78a5)
    }

    /// Adds eight bytes. The two halves of a long product depend on every bit of both factors.
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

    /// Adds a cell of a database with its type.
    pub(crate) fn value(&mut self, value: ValueRef<'_>) {
        match value {
            ValueRef::Null => self.word(0xd6e8_feb8_6659_fd93),
            ValueRef::Integer(number) => self.word(number.cast_unsigned()),
            ValueRef::Real(number) => self.word(number.to_bits() ^ 0xa076_1d64_78bd_642f),
            ValueRef::Text(bytes) => self.bytes(0xe703_7ed1_a0b4_28db, bytes),
            ValueRef::Blob(bytes) => self.bytes(0x8ebc_6af0_9c88_c6e3, bytes),
        }
    }

    /// Adds an id as [`Digest::value`] adds its cell.
    pub(crate) fn id(&mut self, id: RecordIdRef<'_>) {
        match id {
            RecordIdRef::Number(number) => self.value(ValueRef::Integer(number)),
            RecordIdRef::Text(text) => self.value(ValueRef::Text(text.as_bytes())),
        }
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fingerprints_that_states_keep_never_change() {
        assert_eq!(text_hash(""), 0xaf64_724c_8602_eb6e);
        assert_eq!(text_hash("гость 42"), 0x3966_1483_ce2a_44f9);
    }
}
