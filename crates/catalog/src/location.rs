//! Where the catalog lies: a SQLite file or a PostgreSQL database.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use url::Url;

use crate::Error;

/// A parsed `--database-url`. Displays without the password.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    Sqlite(PathBuf),
    Postgres(Url),
}

impl Location {
    pub fn sqlite(path: impl Into<PathBuf>) -> Self {
        Self::Sqlite(path.into())
    }

    /// The URL for the driver.
    pub(crate) fn driver_url(&self) -> Result<String, Error> {
        match self {
            Self::Sqlite(path) => Ok(format!("sqlite://{}?mode=rwc", percent_encoded(path)?)),
            Self::Postgres(url) => Ok(url.to_string()),
        }
    }
}

impl FromStr for Location {
    type Err = Error;

    /// Takes a path, `sqlite:PATH`, `sqlite://PATH`, `postgres://…` or `postgresql://…`.
    fn from_str(text: &str) -> Result<Self, Error> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            let url = Url::parse(text).map_err(|source| Error::NotADatabaseUrl { source })?;
            return Ok(Self::Postgres(url));
        }
        let path = text.strip_prefix("sqlite://").or_else(|| text.strip_prefix("sqlite:")).unwrap_or(text);
        if let Some((scheme, _)) = path.split_once("://") {
            return Err(Error::UnknownDatabase { scheme: scheme.to_owned() });
        }
        if path.is_empty() {
            return Err(Error::UnknownDatabase { scheme: String::new() });
        }
        Ok(Self::Sqlite(path.into()))
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "{}", path.display()),
            Self::Postgres(url) => {
                write!(f, "postgres://{}{}", url.host_str().unwrap_or_default(), url.path())
            }
        }
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Location({self})")
    }
}

/// The driver decodes the path before it opens it, and ends it at `?` or `#`.
fn percent_encoded(path: &Path) -> Result<String, Error> {
    use fmt::Write as _;

    let absolute =
        std::path::absolute(path).map_err(|source| Error::DatabasePath { path: path.to_owned(), source })?;
    let text = absolute.to_str().ok_or_else(|| Error::DatabasePath {
        path: path.to_owned(),
        source: std::io::Error::new(std::io::ErrorKind::InvalidInput, "the path is not UTF-8"),
    })?;
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").expect("writing to a String cannot fail");
        }
    }
    Ok(encoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_is_read_and_no_password_is_shown() {
        for (text, shown) in [
            ("/data/catalog.db", "/data/catalog.db"),
            ("sqlite:///data/catalog.db", "/data/catalog.db"),
            ("sqlite:catalog.db", "catalog.db"),
            (
                "postgres://me:geheim@db.example:5432/holdfast?sslmode=require",
                "postgres://db.example/holdfast",
            ),
            ("postgresql://db.example/holdfast", "postgres://db.example/holdfast"),
        ] {
            let location: Location = text.parse().unwrap();
            assert_eq!(location.to_string(), shown);
            assert!(!format!("{location:?}").contains("geheim"));
        }
        for wrong in ["mysql://db.example/holdfast", ""] {
            assert!(matches!(wrong.parse::<Location>(), Err(Error::UnknownDatabase { .. })), "{wrong}");
        }
    }

    #[test]
    fn a_path_with_odd_characters_reaches_the_driver_whole() {
        let url = Location::sqlite("/data/50%? #1/käse.db").driver_url().unwrap();
        assert_eq!(url, "sqlite:///data/50%25%3F%20%231/k%C3%A4se.db?mode=rwc");
    }
}
