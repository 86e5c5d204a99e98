//! A record's Id as a number, so that comparing and sorting Ids touches no memory but the number itself.

use std::sync::Arc;

use holdfast_domain::RecordId;
use holdfast_domain::change::Fingerprint;

/// Bytes of an Id.
pub(crate) const ID_BYTES: usize = 18;

/// An 18-character Id; orders as its bytes do, which is how Parquet orders text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct IdKey {
    head: u64,
    middle: u64,
    tail: u16,
}

impl IdKey {
    /// None if and only if `id` does not have 18 bytes.
    pub(crate) fn of(id: &[u8]) -> Option<Self> {
        let (head, rest) = id.split_first_chunk()?;
        let (middle, tail) = rest.split_first_chunk()?;
        let tail: &[u8; 2] = tail.try_into().ok()?;
        Some(Self {
            head: u64::from_be_bytes(*head),
            middle: u64::from_be_bytes(*middle),
            tail: u16::from_be_bytes(*tail),
        })
    }

    /// In order, each once.
    pub(crate) fn sorted(ids: &[RecordId]) -> Arc<[Self]> {
        let mut keys: Vec<Self> = ids.iter().filter_map(|id| Self::of(id.as_str().as_bytes())).collect();
        keys.sort_unstable();
        keys.dedup();
        keys.into()
    }

    pub(crate) fn to_bytes(self) -> [u8; ID_BYTES] {
        let mut bytes = [0; ID_BYTES];
        bytes[..8].copy_from_slice(&self.head.to_be_bytes());
        bytes[8..16].copy_from_slice(&self.middle.to_be_bytes());
        bytes[16..].copy_from_slice(&self.tail.to_be_bytes());
        bytes
    }

    /// Well mixed bits for a filter; the same on every machine, because filters are stored.
    pub(crate) fn mixed(self) -> u64 {
        let mut bits = self.middle ^ self.head.rotate_left(29) ^ u64::from(self.tail).rotate_left(47);
        for multiplier in [0xff51_afd7_ed55_8ccd_u64, 0xc4ce_b9fe_1a85_ec53] {
            bits = (bits ^ (bits >> 33)).wrapping_mul(multiplier);
        }
        bits ^ (bits >> 33)
    }
}

/// What the newest version of a record in one data file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) id: IdKey,
    pub(crate) print: Fingerprint,
    pub(crate) seq: i64,
}

impl Key {
    /// A Tombstone that captured no field: only the fact of the deletion is known.
    pub(crate) fn is_bare(&self) -> bool {
        self.print.is_deleted && self.print.schema == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_order_as_their_bytes() {
        let ids = ["001P000001vkheIIAQ", "001P000001vkheIIAR", "001P000001vkheIIAa", "001p000001vkheIIAQ"];
        let keys: Vec<_> = ids.iter().map(|id| IdKey::of(id.as_bytes()).unwrap()).collect();
        assert!(keys.is_sorted());
        assert!(ids.iter().zip(&keys).all(|(id, key)| id.as_bytes() == key.to_bytes()));
        assert_eq!(IdKey::of(b"001P000001vkheI"), None);
        assert_eq!(IdKey::of(b"001P000001vkheIIAQx"), None);
    }
}
