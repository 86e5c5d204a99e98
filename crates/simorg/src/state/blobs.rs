//! The bodies of files, beside the rows: small ones held as bytes, large ones in files, generated ones computed chunk by chunk.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::{Arc, RwLock};

use bytes::Bytes;
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};

use super::spool::Spooled;

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
    /// Bytes in a file. A saved org holds them as `Bytes`.
    #[serde(skip)]
    Spooled(Arc<Spooled>),
}

/// Pieces of bounded size; only a file may fail to give one.
pub type Chunks = Box<dyn Iterator<Item = io::Result<Bytes>> + Send>;

impl Body {
    pub fn length(&self) -> u64 {
        match self {
            Body::Bytes(bytes) => bytes.len() as u64,
            Body::Generated { length, .. } => *length,
            Body::Spooled(spooled) => spooled.length,
        }
    }

    /// The body in pieces of bounded size.
    pub fn chunks(&self) -> Chunks {
        match self.clone() {
            Body::Bytes(bytes) => Box::new(std::iter::once(bytes).filter(|b| !b.is_empty()).map(Ok)),
            Body::Generated { seed, length } => Box::new(parts(length).map(move |(part, size)| {
                let seed = seed ^ part.wrapping_mul(0x9E37_79B9_7F4A_7C15);
                Ok(Bytes::from(generated_bytes(seed, size)))
            })),
            Body::Spooled(spooled) => {
                Box::new(parts(spooled.length).map(move |(part, size)| spooled.read(part * CHUNK, size)))
            }
        }
    }

    /// The whole body at once.
    pub fn whole(&self) -> io::Result<Bytes> {
        if let Body::Bytes(bytes) = self {
            return Ok(bytes.clone());
        }
        Ok(self.chunks().collect::<io::Result<Vec<Bytes>>>()?.concat().into())
    }

    /// MD5 in hex, what `ContentVersion.Checksum` shows.
    pub fn md5(&self) -> io::Result<String> {
        if let Body::Spooled(spooled) = self {
            return Ok(spooled.md5.clone());
        }
        let mut hasher = Md5::new();
        for chunk in self.chunks() {
            hasher.update(chunk?);
        }
        Ok(hex(&hasher.finalize()))
    }
}

pub(super) fn hex(digest: &[u8]) -> String {
    digest.iter().fold(String::with_capacity(32), |mut text, byte| {
        use std::fmt::Write;
        write!(text, "{byte:02x}").expect("writing to a string");
        text
    })
}

/// The number and the size of every piece of a body.
fn parts(length: u64) -> impl Iterator<Item = (u64, usize)> + Send {
    (0..length.div_ceil(CHUNK)).map(move |part| {
        let size = CHUNK.min(length - part * CHUNK);
        (part, usize::try_from(size).expect("a chunk fits memory"))
    })
}

fn generated_bytes(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed | 1;
    let mut bytes = vec![0; length.next_multiple_of(8)];
    for word in bytes.chunks_exact_mut(8) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        word.copy_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
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

    /// All of them, by record id and field, in an order of their own, and none in a file.
    pub(crate) fn all(&self) -> io::Result<Vec<((String, String), Body)>> {
        let blobs = self.0.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut all = Vec::new();
        for (id, bodies) in blobs.iter() {
            for (field, body) in bodies {
                let body = match body {
                    Body::Spooled(_) => Body::Bytes(body.whole()?),
                    held => held.clone(),
                };
                all.push(((id.clone(), field.clone()), body));
            }
        }
        Ok(all)
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
        assert_eq!(body.whole().unwrap().len(), 150_000);
        assert_eq!(body.md5().unwrap(), body.md5().unwrap());
        assert_eq!(Body::Generated { seed: 7, length: 0 }.chunks().count(), 0);
        assert_eq!(Body::Bytes(Bytes::new()).md5().unwrap(), "d41d8cd98f00b204e9800998ecf8427e");
    }
}
