//! Random secrets that are handed out once, and the fingerprints by which they are known again.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use holdfast_salesforce::Secret;
use rand::RngCore as _;

/// 256 random bits as text.
pub(super) fn new_secret() -> Secret {
    Secret::new(random_text::<32>())
}

pub(super) fn random_text<const N: usize>() -> String {
    let mut bytes = [0; N];
    rand::rng().fill_bytes(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// What is kept of a secret. A fast hash is enough: there is nothing to guess in 256 random bits.
pub(super) fn fingerprint(secret: &str) -> String {
    blake3::hash(secret.as_bytes()).to_hex().to_string()
}
