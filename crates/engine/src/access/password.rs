//! Passwords: what is accepted, how they are kept (Argon2id), how they are compared.

use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString};
use holdfast_salesforce::Secret;
use rand::RngCore as _;
use tokio::sync::Semaphore;

use super::error::AccessError;
use crate::error::{Error, Result};

/// Each hash takes 19 MiB and a core for a while; strangers must not be able to ask for a thousand at once.
static HASHING: Semaphore = Semaphore::const_new(4);

/// As RFC 9106 recommends, section 3.1.
const SALT_BYTES: usize = 16;

const SHORTEST: usize = 12;
/// Long enough for every passphrase, short enough not to be a way of keeping us busy.
const LONGEST: usize = 256;

/// Length is what counts (NIST SP 800-63B, "Memorized Secret Verifiers"); a handful of texts are long and no secret.
pub(super) fn check(password: &Secret, email: &str) -> Result<(), AccessError> {
    let text = password.expose();
    let reason = if text.chars().count() < SHORTEST {
        "is shorter than 12 characters"
    } else if text.len() > LONGEST {
        "is longer than 256 bytes"
    } else if holds_address(text, email) {
        "holds your own address"
    } else if distinct(text) < 5 {
        "repeats a few characters"
    } else {
        return Ok(());
    };
    Err(AccessError::WeakPassword { reason })
}

fn holds_address(text: &str, email: &str) -> bool {
    let name = email.split('@').next().unwrap_or(email);
    name.len() >= 4 && text.len() < 2 * SHORTEST && text.to_lowercase().contains(name)
}

fn distinct(text: &str) -> usize {
    text.chars().collect::<std::collections::HashSet<_>>().len()
}

pub(super) async fn hash(password: Secret) -> Result<String> {
    let _turn = HASHING.acquire().await.expect("nobody closes it");
    let hashed = tokio::task::spawn_blocking(move || {
        let mut salt = [0; SALT_BYTES];
        rand::rng().fill_bytes(&mut salt);
        let salt = SaltString::encode_b64(&salt).expect("it is as long as is recommended");
        let hash = Argon2::default().hash_password(password.expose().as_bytes(), &salt);
        hash.expect("the parameters are the crate's own").to_string()
    });
    hashed.await.map_err(|source| Error::TaskStopped { source })
}

/// True if and only if the password is the one that was hashed. Without a hash it takes as long, and is false.
pub(super) async fn is_right(password: Secret, hash: Option<String>) -> Result<bool> {
    let _turn = HASHING.acquire().await.expect("nobody closes it");
    let compared = tokio::task::spawn_blocking(move || {
        let is_known = hash.is_some();
        let hash = hash.unwrap_or_else(|| OF_NOBODY.to_owned());
        let is_equal = PasswordHash::new(&hash)
            .is_ok_and(|hash| Argon2::default().verify_password(password.expose().as_bytes(), &hash).is_ok());
        is_known && is_equal
    });
    compared.await.map_err(|source| Error::TaskStopped { source })
}

/// The hash of a password that nobody has, by the same parameters.
const OF_NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5aGFzdGhpcw$4o9Q4FDy5rXDJvgD2GdfdVhvOuFzXI6Pc5ZLlF3nJVU";

#[cfg(test)]
mod tests {
    use super::*;

    ///
    #[tokio::test]
    async fn a_password_is_kept_as_argon2id_and_known_again() {
        let hashed = hash("correct horse battery".into()).await.unwrap();
        assert!(hashed.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hashed}");
        assert!(is_right("correct horse battery".into(), Some(hashed.clone())).await.unwrap());
        assert!(!is_right("correct horse batterz".into(), Some(hashed)).await.unwrap());
        assert!(!is_right("correct horse battery".into(), None).await.unwrap());
        let of_nobody = PasswordHash::new(OF_NOBODY).unwrap();
        assert_eq!(
            of_nobody.hash.map(|hash| hash.len()),
            Some(32),
            "comparing it takes as long as any other"
        );
    }

    #[test]
    fn short_long_and_repeated_passwords_are_refused() {
        for (password, is_accepted) in [
            ("correct horse battery", true),
            ("short", false),
            ("aaaaaaaaaaaaaaaa", false),
            ("ada.lovelace1", false),
            (&"x1y2z3".repeat(50), false),
        ] {
            assert_eq!(
                check(&password.into(), "ada.lovelace@example.org").is_ok(),
                is_accepted,
                "{password}"
            );
        }
    }
}
