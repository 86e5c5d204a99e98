//! Typed ids, so that an org's id is never passed where a record's id is meant.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Why a text is not the id it was taken for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    #[error("`{0}` is not a Salesforce id: it must have 15 or 18 letters and digits")]
    NotASalesforceId(String),
    #[error("`{0}` is not an object name: it must be letters, digits and underscores")]
    NotAnObjectName(String),
    #[error("`{0}` is not a run id")]
    NotARunId(String),
    #[error("`{0}` is not a hash in hexadecimal")]
    NotAHash(String),
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0.to_string()
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                Self::parse(&text)
            }
        }

        impl std::str::FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::parse(text)
            }
        }
    };
}

text_id! {
    /// The 18-character Salesforce id of one connected org (`00D…`).
    OrgId
}
text_id! {
    /// The 18-character Salesforce id of one record.
    RecordId
}
text_id! {
    /// The API name of a Salesforce object, as the describe spells it.
    ObjectName
}
text_id! {
    /// One execution of a BackupJob: a UUID version 7, so that text order is time order.
    RunId
}
text_id! {
    /// Content hash of a describe as it is stored: BLAKE3, 32 hexadecimal digits.
    SchemaHash
}
text_id! {
    /// Content hash of a file body: BLAKE3, 64 hexadecimal digits.
    BlobHash
}

impl OrgId {
    pub fn parse(text: &str) -> Result<Self, IdError> {
        Ok(Self(to_18(text)?.into()))
    }
}

impl RecordId {
    /// Takes 15 or 18 characters; the 15-character form gets its check suffix.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        Ok(Self(to_18(text)?.into()))
    }
}

impl ObjectName {
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let well_formed = text.starts_with(|c: char| c.is_ascii_alphabetic())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && text.len() <= 120;
        if !well_formed {
            return Err(IdError::NotAnObjectName(text.to_owned()));
        }
        Ok(Self(text.into()))
    }
}

impl RunId {
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let id = uuid::Uuid::parse_str(text).map_err(|_| IdError::NotARunId(text.to_owned()))?;
        Ok(Self::from(id))
    }
}

impl From<uuid::Uuid> for RunId {
    fn from(id: uuid::Uuid) -> Self {
        Self(id.hyphenated().to_string().into())
    }
}

impl SchemaHash {
    pub fn parse(text: &str) -> Result<Self, IdError> {
        Ok(Self(hexadecimal(text, 32)?.into()))
    }

    /// The hash of the describe's bytes exactly as they are stored.
    pub fn of(describe: &[u8]) -> Self {
        let hash = blake3::hash(describe).to_hex();
        Self(hash[..32].into())
    }
}

impl SchemaHash {
    /// The same hash as a number, for comparing without allocating.
    pub fn as_u128(&self) -> u128 {
        u128::from_str_radix(&self.0, 16).expect("parsed as 32 hexadecimal digits")
    }
}

impl BlobHash {
    pub fn parse(text: &str) -> Result<Self, IdError> {
        Ok(Self(hexadecimal(text, 64)?.into()))
    }
}

impl From<blake3::Hash> for BlobHash {
    fn from(hash: blake3::Hash) -> Self {
        Self(hash.to_hex().as_str().into())
    }
}

fn hexadecimal(text: &str, digits: usize) -> Result<&str, IdError> {
    let well_formed = text.len() == digits && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if well_formed { Ok(text) } else { Err(IdError::NotAHash(text.to_owned())) }
}

/// Salesforce's check suffix makes the case-sensitive 15 characters safe in stores that ignore
/// case: bit i of each group of five says whether its character i is upper case.
fn to_18(text: &str) -> Result<String, IdError> {
    let bad = || IdError::NotASalesforceId(text.to_owned());
    if !text.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(bad());
    }
    match text.len() {
        18 => Ok(text.to_owned()),
        15 => {
            const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
            let suffix = text.as_bytes().chunks(5).map(|group| {
                let bits = group
                    .iter()
                    .enumerate()
                    .fold(0usize, |bits, (i, byte)| bits | (usize::from(byte.is_ascii_uppercase()) << i));
                char::from(ALPHABET[bits])
            });
            Ok(text.chars().chain(suffix).collect())
        }
        _ => Err(bad()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fifteen_characters_get_the_check_suffix_of_recorded_ids() {
        for (short, long) in [
            ("001P000001vkheI", "001P000001vkheIIAQ"),
            ("00Dxx0000001gPL", "00Dxx0000001gPLEAY"),
            ("012000000000000", "012000000000000AAA"),
        ] {
            assert_eq!(RecordId::parse(short).unwrap().as_str(), long);
            assert_eq!(RecordId::parse(long).unwrap().as_str(), long);
        }
    }

    #[test]
    fn what_is_no_id_is_refused() {
        assert!(RecordId::parse("001").is_err());
        assert!(RecordId::parse("001P000001vkhe'").is_err());
        assert!(ObjectName::parse("../etc").is_err());
        assert!(ObjectName::parse("acme__Thing__c").is_ok());
        assert!(RunId::parse("yesterday").is_err());
    }
}
