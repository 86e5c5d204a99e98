//! A split block Bloom filter over Ids: most Ids of a first capture are in no file, and are told so without I/O.

use super::id::IdKey;

/// Bytes of one block.
pub(super) const BLOCK_BYTES: usize = 32;
/// Bits per Id; about one Id in a hundred is looked for in vain.
const BITS_PER_ID: u64 = 10;
/// A filter never grows beyond this many bytes; above, it lets more through.
const LARGEST_BYTES: u64 = 32 << 20;

/// Odd constants that spread one hash over the eight words of a block (Parquet's format document lists these).
const SALTS: [u32; 8] =
    [0x47b6_137b, 0x4497_4d91, 0x8824_ad5b, 0xa2b7_289d, 0x7054_95c7, 0x2df1_424b, 0x9efc_4947, 0x5c6b_fb31];

/// Its bytes are what is stored: eight words of four bytes, little endian, a block.
#[derive(Debug, Default)]
pub(super) struct IdFilter {
    blocks: Vec<u8>,
}

impl IdFilter {
    pub(super) fn sized_for(ids: u64) -> Self {
        let bytes = (ids * BITS_PER_ID / 8).clamp(BLOCK_BYTES as u64, LARGEST_BYTES);
        let blocks = usize::try_from(bytes).unwrap_or(usize::MAX).div_ceil(BLOCK_BYTES);
        Self { blocks: vec![0; blocks * BLOCK_BYTES] }
    }

    pub(super) fn insert(&mut self, id: IdKey) {
        let (block, mask) = self.place(id);
        let words = self.blocks[block..][..BLOCK_BYTES].as_chunks_mut().0;
        for (word, bit) in words.iter_mut().zip(mask) {
            *word = (u32::from_le_bytes(*word) | bit).to_le_bytes();
        }
    }

    /// False if and only if `id` was certainly never inserted.
    pub(super) fn may_hold(&self, id: IdKey) -> bool {
        if self.blocks.is_empty() {
            return true;
        }
        let (block, mask) = self.place(id);
        let words = self.blocks[block..][..BLOCK_BYTES].as_chunks().0;
        words.iter().zip(mask).all(|(word, bit)| u32::from_le_bytes(*word) & bit != 0)
    }

    /// Where the block of `id` begins, and a bit for each of its words.
    fn place(&self, id: IdKey) -> (usize, [u32; 8]) {
        let bits = id.mixed();
        let block = (u128::from(bits) * (self.blocks.len() / BLOCK_BYTES) as u128) >> 64;
        let block = usize::try_from(block).expect("below the number of blocks");
        let [a, b, c, d, ..] = bits.to_le_bytes();
        let low = u32::from_le_bytes([a, b, c, d]);
        (block * BLOCK_BYTES, SALTS.map(|salt| 1 << (low.wrapping_mul(salt) >> 27)))
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.blocks
    }

    /// `bytes` are whole blocks.
    pub(super) fn from_bytes(bytes: Vec<u8>) -> Self {
        debug_assert!(bytes.len().is_multiple_of(BLOCK_BYTES), "a filter consists of whole blocks");
        Self { blocks: bytes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u32) -> IdKey {
        IdKey::of(format!("001P00000{number:09}").as_bytes()).unwrap()
    }

    #[test]
    fn every_inserted_id_is_let_through_and_few_others() {
        let mut filter = IdFilter::sized_for(10_000);
        (0..10_000).for_each(|number| filter.insert(id(number)));
        let filter = IdFilter::from_bytes(filter.as_bytes().to_vec());

        assert!((0..10_000).all(|number| filter.may_hold(id(number))));
        let false_hits = (10_000..20_000).filter(|number| filter.may_hold(id(*number))).count();
        assert!(false_hits < 400, "{false_hits} of 10,000 other Ids pass");
    }
}
