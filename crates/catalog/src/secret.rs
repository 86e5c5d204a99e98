//! Seals credentials, so that the database alone gives nobody access to an org.
//!
//! XChaCha20-Poly1305 with a random nonce per sealing. The org's id is associated data: a sealed
//! text that is moved to another org's row does not open. The key is 32 random bytes in a file of
//! its own beside the data, readable by its owner only, and never in the database.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead as _, AeadCore as _, KeyInit as _, OsRng, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use holdfast_domain::OrgId;

use crate::Error;

/// Says how the rest was sealed; the only way so far.
const SEALED_V1: &str = "v1:";
const NONCE_BYTES: usize = 24;

/// The key that opens what is sealed in the catalog.
#[derive(Clone)]
pub struct SecretKey(Arc<Keys>);

struct Keys {
    cipher: XChaCha20Poly1305,
    /// Derived from the same bytes, for what is shown openly and must not be forged.
    mac: [u8; 32],
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

impl SecretKey {
    /// Reads the key file; makes one if there is none. Safe when two processes start at once.
    pub fn open_or_create(path: &Path) -> Result<Self, Error> {
        let failed = |source| Error::SecretKeyFile { path: path.to_owned(), source };
        match fs::read_to_string(path) {
            Ok(text) => return Self::read(&text, path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                return Err(Error::NotASecretKey { path: path.to_owned() });
            }
            Err(error) => return Err(failed(error)),
        }
        create(path).map_err(failed)?;
        let text = fs::read_to_string(path).map_err(failed)?;
        Self::read(&text, path)
    }

    fn read(text: &str, path: &Path) -> Result<Self, Error> {
        let malformed = || Error::NotASecretKey { path: path.to_owned() };
        let bytes = STANDARD.decode(text.trim()).map_err(|_| malformed())?;
        let cipher = XChaCha20Poly1305::new_from_slice(&bytes).map_err(|_| malformed())?;
        let mac = blake3::derive_key("Holdfast 2026 audit log and other authenticated texts", &bytes);
        Ok(Self(Arc::new(Keys { cipher, mac })))
    }

    pub(crate) fn seal(&self, org: &OrgId, plain: &[u8]) -> String {
        self.seal_for(org.as_str(), plain)
    }

    /// Seals a secret of something else than an org; `context` says of what, and must be given to open it.
    pub fn seal_for(&self, context: &str, plain: &[u8]) -> String {
        let nonce = XChaCha20Poly1305::generate_nonce(&mut OsRng);
        let payload = Payload { msg: plain, aad: context.as_bytes() };
        let sealed = self.0.cipher.encrypt(&nonce, payload).expect("memory is the only limit of sealing");
        format!("{SEALED_V1}{}", STANDARD.encode([nonce.as_slice(), &sealed].concat()))
    }

    /// `None` if and only if the text was sealed with another key, for another org, or changed since.
    pub(crate) fn open(&self, org: &OrgId, sealed: &str) -> Option<Vec<u8>> {
        self.open_for(org.as_str(), sealed)
    }

    /// `None` if and only if the text was sealed with another key, for another context, or changed since.
    pub fn open_for(&self, context: &str, sealed: &str) -> Option<Vec<u8>> {
        let bytes = STANDARD.decode(sealed.strip_prefix(SEALED_V1)?).ok()?;
        let (nonce, msg) = bytes.split_at_checked(NONCE_BYTES)?;
        let payload = Payload { msg, aad: context.as_bytes() };
        self.0.cipher.decrypt(XNonce::from_slice(nonce), payload).ok()
    }

    /// A hash that nobody without the key can make: 64 hexadecimal digits.
    pub fn authenticate(&self, text: &[u8]) -> String {
        blake3::keyed_hash(&self.0.mac, text).to_hex().to_string()
    }
}

/// Writes a whole, flushed key under another name and links it into place: whoever comes second
/// finds the first one's key, and a crash never leaves half a key.
fn create(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let draft = folder.join(draft_name());
    let key: Key = XChaCha20Poly1305::generate_key(&mut OsRng);
    let written = write_private(&draft, &STANDARD.encode(key));
    let linked = written.and_then(|()| match fs::hard_link(&draft, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    });
    fs::remove_file(&draft).or_else(|error| match error.kind() {
        io::ErrorKind::NotFound => Ok(()),
        _ => Err(error),
    })?;
    linked?;
    File::open(folder)?.sync_all()
}

/// Random, so that two processes never write the same draft.
fn draft_name() -> String {
    let random = XChaCha20Poly1305::generate_nonce(&mut OsRng);
    format!(".secret-{:016x}.tmp", random.iter().fold(0u64, |name, byte| name << 8 | u64::from(*byte)))
}

fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    writeln!(file, "{text}")?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn org(text: &str) -> OrgId {
        OrgId::parse(text).unwrap()
    }

    #[test]
    fn what_is_sealed_opens_for_the_same_org_and_key_only() {
        let folder = tempfile::tempdir().unwrap();
        let key = SecretKey::open_or_create(&folder.path().join("secret.key")).unwrap();
        let other_key = SecretKey::open_or_create(&folder.path().join("other.key")).unwrap();
        let acme = org("00Dxx0000001gPLEAY");

        let sealed = key.seal(&acme, b"refresh token");

        assert_eq!(key.open(&acme, &sealed).as_deref(), Some(&b"refresh token"[..]));
        assert_eq!(key.open(&org("00Dxx0000001gPMEAY"), &sealed), None);
        assert_eq!(other_key.open(&acme, &sealed), None);
        assert_eq!(key.open(&acme, &sealed[..20]), None);
        assert_ne!(key.seal(&acme, b"refresh token"), sealed);
        assert!(!sealed.contains("refresh"));
    }

    #[test]
    fn the_key_file_is_made_once_and_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data/secret.key");
        let acme = org("00Dxx0000001gPLEAY");

        let sealed = SecretKey::open_or_create(&path).unwrap().seal(&acme, b"x");

        assert!(SecretKey::open_or_create(&path).unwrap().open(&acme, &sealed).is_some());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path().join("data")).unwrap().count(), 1);
    }

    #[test]
    fn processes_that_start_at_once_share_one_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret.key");
        let acme = org("00Dxx0000001gPLEAY");

        let keys: Vec<SecretKey> = std::thread::scope(|scope| {
            let starts: Vec<_> =
                (0..8).map(|_| scope.spawn(|| SecretKey::open_or_create(&path).unwrap())).collect();
            starts.into_iter().map(|start| start.join().unwrap()).collect()
        });

        let sealed = keys[0].seal(&acme, b"x");
        assert!(keys.iter().all(|key| key.open(&acme, &sealed).is_some()));
    }

    #[test]
    fn a_file_that_is_no_key_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret.key");
        for wrong in [&b"hello"[..], b"", &[0xff, 0xfe], b"AAAA"] {
            fs::write(&path, wrong).unwrap();
            assert!(matches!(SecretKey::open_or_create(&path), Err(Error::NotASecretKey { .. })));
            assert_eq!(fs::read(&path).unwrap(), wrong);
        }
    }
}
