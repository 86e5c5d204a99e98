//! Random tokens, and the signature that token answers carry.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rand::Rng;
use sha2::{Digest, Sha256};

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._";

fn random_text(length: usize) -> String {
    let mut random = rand::rng();
    (0..length).map(|_| char::from(LETTERS[random.random_range(0..LETTERS.len())])).collect()
}

/// `<15 characters of the org's id>!<rest>`.
pub(super) fn access_token(org_id: &str) -> String {
    format!("{}!{}", org_id.get(..15).unwrap_or(org_id), random_text(96))
}

pub(super) fn refresh_token() -> String {
    format!("5Aep861{}", random_text(80))
}

/// The number of a session, of letters and digits.
pub(super) fn session_index() -> String {
    random_text(32).replace(['.', '_'], "0")
}

/// What a person types to connect a device.
pub(super) fn user_code() -> String {
    let text = random_text(64).to_ascii_uppercase().replace(['.', '_'], "X");
    format!("{}-{}", &text[..4], &text[4..8])
}

pub(super) fn password() -> String {
    format!("{}1a", session_index())
}

pub(super) fn authorization_code() -> String {
    format!("aPrx{}==", random_text(56))
}

/// Base64 of HMAC-SHA256 over the identity url and the time of issue, keyed with the consumer secret.
pub(super) fn signature(secret: &str, identity_url: &str, issued_at: &str) -> String {
    STANDARD.encode(hmac_sha256(secret.as_bytes(), format!("{identity_url}{issued_at}").as_bytes()))
}

fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    const BLOCK: usize = 64;
    let mut padded = [0_u8; BLOCK];
    if key.len() > BLOCK {
        padded[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        padded[..key.len()].copy_from_slice(key);
    }
    let inner = Sha256::new().chain_update(padded.map(|byte| byte ^ 0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(padded.map(|byte| byte ^ 0x5c)).chain_update(inner).finalize().into()
}

/// True if and only if the verifier hashes to the challenge (RFC 7636, method S256).
pub(super) fn verifier_fits(verifier: &str, challenge: &str) -> bool {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes())) == challenge.trim_end_matches('=')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hmac_is_that_of_rfc_4231() {
        let digest = hmac_sha256(b"Jefe", b"what do ya want for nothing?");
        let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        let bytes = (0..32).map(|at| u8::from_str_radix(&expected[at * 2..at * 2 + 2], 16).unwrap());
        assert!(bytes.eq(digest));
    }

    #[test]
    fn verifier_is_that_of_rfc_7636() {
        assert!(verifier_fits(
            "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        ));
        assert!(!verifier_fits("dBjftJeZ4CVP", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"));
    }

    #[test]
    fn access_tokens_have_the_shape_that_tools_check() {
        let token = access_token("00D5g0000000001EAA");
        let (org, rest) = token.split_once('!').unwrap();
        assert_eq!(org, "00D5g0000000001");
        assert!(rest.chars().all(|c| c.is_ascii_alphanumeric() || c == '.' || c == '_'));
    }
}
