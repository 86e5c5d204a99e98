//! Where a lake lies: a folder on the local disk, or a prefix of a bucket or container.
//!
//! Credentials never stand in the location. They come from the environment variables that each
//! cloud's own tools use (`AWS_*`, `AZURE_*`, `GOOGLE_*`), or from the machine's role.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use object_store::ObjectStore;
use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use url::Url;

use crate::store::{DurableLocal, Store};
use crate::{BoxError, Error, Result};

/// The place of a lake. What it prints can be parsed again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LakeLocation {
    Local(PathBuf),
    S3(Bucket),
    Azure(Bucket),
    Google(Bucket),
}

/// A bucket (Azure: a container), and the folder in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    pub name: String,
    /// Without slashes at its ends; may be empty.
    pub prefix: String,
}

impl FromStr for LakeLocation {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let bad =
            |reason: &str| Error::BadLocation { text: without_secrets(text), reason: reason.to_owned() };
        let Some((scheme, _)) = text.split_once("://") else {
            return match text {
                "" => Err(bad("it is empty")),
                folder => Ok(Self::Local(folder.into())),
            };
        };
        let url = Url::parse(text).map_err(|error| bad(&error.to_string()))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(bad("credentials belong into the environment, not into the location"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(bad("nothing may follow the folder"));
        }
        let bucket = || {
            let name = url.host_str().filter(|name| !name.is_empty());
            let name = name.ok_or_else(|| bad("it names no bucket"))?.to_owned();
            let prefix = Path::from_url_path(url.path()).map_err(|error| bad(&error.to_string()))?;
            Ok(Bucket { name, prefix: prefix.to_string() })
        };
        match scheme {
            "file" => url.to_file_path().map(Self::Local).map_err(|()| bad("it is not the path of a folder")),
            "s3" => bucket().map(Self::S3),
            "az" => bucket().map(Self::Azure),
            "gs" => bucket().map(Self::Google),
            _ => Err(bad("it must be a folder, or begin with s3://, az:// or gs://")),
        }
    }
}

impl fmt::Display for LakeLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, bucket) = match self {
            Self::Local(folder) => return write!(f, "{}", folder.display()),
            Self::S3(bucket) => ("s3", bucket),
            Self::Azure(bucket) => ("az", bucket),
            Self::Google(bucket) => ("gs", bucket),
        };
        write!(f, "{scheme}://{}", bucket.name)?;
        if bucket.prefix.is_empty() { Ok(()) } else { write!(f, "/{}", bucket.prefix) }
    }
}

impl LakeLocation {
    /// The store at this place. A local folder is made if `may_create`; a bucket must exist.
    pub(crate) async fn store(&self, may_create: bool) -> Result<Store> {
        match self {
            Self::Local(folder) => self.local(folder.clone(), may_create).await,
            Self::S3(bucket) => {
                let builder = AmazonS3Builder::from_env().with_bucket_name(&bucket.name);
                self.opened(bucket, builder.build())
            }
            Self::Azure(bucket) => {
                let builder = MicrosoftAzureBuilder::from_env().with_container_name(&bucket.name);
                self.opened(bucket, builder.build())
            }
            Self::Google(bucket) => {
                let builder = GoogleCloudStorageBuilder::from_env().with_bucket_name(&bucket.name);
                self.opened(bucket, builder.build())
            }
        }
    }

    async fn local(&self, folder: PathBuf, may_create: bool) -> Result<Store> {
        let open = move || match (may_create, folder.is_dir()) {
            (false, false) => Ok(None),
            (true, _) => DurableLocal::create(&folder).map(Some),
            (false, true) => DurableLocal::new(&folder).map(Some),
        };
        let opened =
            tokio::task::spawn_blocking(open).await.map_err(|source| Error::TaskStopped { source })?;
        match opened {
            Ok(Some(store)) => Ok(Arc::new(store)),
            Ok(None) => Err(Error::NoLake { location: self.to_string() }),
            Err(source) => Err(self.not_opened(source)),
        }
    }

    fn opened(&self, bucket: &Bucket, store: object_store::Result<impl ObjectStore>) -> Result<Store> {
        let store = store.map_err(|source| self.not_opened(source))?;
        if bucket.prefix.is_empty() {
            return Ok(Arc::new(store));
        }
        Ok(Arc::new(PrefixStore::new(store, bucket.prefix.as_str())))
    }

    /// A folder that cannot be made tells its reason; a builder's complaint is about the environment.
    fn not_opened(&self, source: object_store::Error) -> Error {
        match Error::writing(&Path::default(), source) {
            Error::NotWritten { source, .. } => {
                Error::StorageNotOpened { location: self.to_string(), source: BoxError::from(source) }
            }
            Error::Full { source, .. } => Error::Full { path: self.to_string(), source },
            Error::ReadOnly { source, .. } => Error::ReadOnly { path: self.to_string(), source },
            error => error,
        }
    }
}

/// The text without what stands before an `@`, which may be a password, or behind a `?`, which may be a signature.
fn without_secrets(text: &str) -> String {
    let shown = match (text.split_once("://"), text.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, rest))) => format!("{scheme}://…@{rest}"),
        _ => text.to_owned(),
    };
    match shown.find(['?', '#']) {
        Some(end) => format!("{}…", &shown[..=end]),
        None => shown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_is_printed_as_it_is_read() {
        for (text, printed) in [
            ("/var/lib/holdfast/lake", "/var/lib/holdfast/lake"),
            ("lake", "lake"),
            ("file:///srv/lake", "/srv/lake"),
            ("s3://bucket", "s3://bucket"),
            ("s3://bucket/a/b/", "s3://bucket/a/b"),
            ("az://container/lake", "az://container/lake"),
            ("gs://bucket/lake", "gs://bucket/lake"),
        ] {
            let location: LakeLocation = text.parse().unwrap();
            assert_eq!(location.to_string(), printed);
            assert_eq!(printed.parse::<LakeLocation>().unwrap(), location);
        }
    }

    #[test]
    fn what_is_no_location_is_refused_without_repeating_a_secret() {
        for (text, message) in [
            ("", "`` is not a lake's location: it is empty"),
            ("s3:///lake", "`s3:///lake` is not a lake's location: it names no bucket"),
            (
                "ftp://host/lake",
                "`ftp://host/lake` is not a lake's location: it must be a folder, or begin with s3://, az:// or gs://",
            ),
            (
                "s3://key:secret@bucket/lake",
                "`s3://…@bucket/lake` is not a lake's location: credentials belong into the environment, not into the location",
            ),
            (
                "az://container/lake?sv=2024&sig=secret",
                "`az://container/lake?…` is not a lake's location: nothing may follow the folder",
            ),
            (
                "s3://key:se?cret@bucket/lake",
                "`s3://…@bucket/lake` is not a lake's location: invalid port number",
            ),
        ] {
            assert_eq!(text.parse::<LakeLocation>().unwrap_err().to_string(), message);
        }
    }
}
