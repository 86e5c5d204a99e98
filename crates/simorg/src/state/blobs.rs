//! The bodies of files, beside the rows: written ones held as bytes, generated ones computed chunk by chunk.

use std::collections::{BTreeMap, HashMap};
use std::sync::RwLock;

use bytes::Bytes;
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};

const CHUNK: u64 = 64 * 1024;

/// One body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Body {
    Bytes(#[serde(with = "crate::model::forms::bytes")] Bytes),
    /// Bytes that follow from a seed, never held as a whole.
    Generated {
        seed: u64,
        length: u64,
    },
}

impl Body {
    pub fn length(&self) -> u64 {
        match self {
            Body::Bytes(bytes) => bytes.len() as u64,
            Body::Generated { length, .. } => *length,
        }
    }

    /// The body in pieces of bounded size.
    pub fn chunks(&self) -> Box<dyn Iterator<Item = Bytes> + Send> {
        match self.clone() {
            Body::Bytes(bytes) => Box::new(std::iter::once(bytes).filter(|b| !b.is_empty())),
            Body::Generated { seed, length } => Box::new((0..length.div_ceil(CHUNK)).map(move |part| {
                let size = CHUNK.min(length - part * CHUNK);
                Bytes::from(generated_bytes(seed ^ part.wrapping_mul(0x9E37_79B9_7F4A_7C15), size))
            })),
        }
    }

    /// MD5 in hex, what `ContentVersion.Checksum` shows.
    pub fn md5(&self) -> String {
        let mut hasher = Md5::new();
        for chunk in self.chunks() {
            hasher.update(&chunk);
        }
        hasher.finalize().iter().fold(String::with_capacity(32), |mut text, byte| {
            use std::fmt::Write;
            write!(text, "{byte:02x}").expect("writing to a string");
            text
        })
    }
}

fn generated_bytes(seed: u64, length: u64) -> Vec<u8> {
    let mut state = seed | 1;
    let mut bytes = Vec::with_capacity(usize::try_from(length).expect("a chunk fits memory") + 8);
    while (bytes.len() as u64) < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(usize::try_from(length).expect("a chunk fits memory"));
    bytes
}

/// Written bodies by record id, then by field name.
#[derive(Debug, Default)]
pub struct Blobs(RwLock<HashMap<String, BTreeMap<String, Body>>>);

impl Blobs {
    pub fn put(&self, id: &str, field: &str, body: Body) {
        let mut blobs = self.0.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        blobs.entry(id.to_owned()).or_default().insert(field.to_owned(), body);
    }

    pub fn get(&self, id: &str, field: &str) -> Option<Body> {
        let blobs = self.0.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        blobs.get(id)?.get(field).cloned()
    }

    /// All of them, by record id and field, in an order of their own.
    pub(crate) fn all(&self) -> Vec<((String, String), Body)> {
        let blobs = self.0.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        let of_row = |(id, bodies): (&String, &BTreeMap<String, Body>)| -> Vec<((String, String), Body)> {
            bodies.iter().map(|(field, body)| ((id.clone(), field.clone()), body.clone())).collect()
        };
        blobs.iter().flat_map(of_row).collect()
    }

    pub(crate) fn of(all: Vec<((String, String), Body)>) -> Blobs {
        let mut blobs: HashMap<String, BTreeMap<String, Body>> = HashMap::new();
        for ((id, field), body) in all {
            blobs.entry(id).or_default().insert(field, body);
        }
        Blobs(RwLock::new(blobs))
    }

    /// Bytes of all bodies that were written.
    pub fn size(&self) -> u64 {
        let blobs = self.0.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        blobs.values().flat_map(BTreeMap::values).map(Body::length).sum()
    }

    pub fn remove(&self, id: &str) {
        let mut blobs = self.0.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        blobs.remove(id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_bodies_have_their_length_and_never_change() {
        let body = Body::Generated { seed: 7, length: 150_000 };
        assert_eq!(body.chunks().map(|c| c.len() as u64).sum::<u64>(), 150_000);
        assert_eq!(body.md5(), body.md5());
        assert_eq!(Body::Generated { seed: 7, length: 0 }.chunks().count(), 0);
        assert_eq!(Body::Bytes(Bytes::new()).md5(), "d41d8cd98f00b204e9800998ecf8427e");
    }
}
