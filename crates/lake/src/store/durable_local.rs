//! The local disk as an object store that answers only when what it was given would survive a power cut.
//!
//! `LocalFileSystem` of the `object_store` crate never calls fsync. Here bytes go to a file below
//! [`STAGING`], which is synced, then linked or renamed to its name, and then every folder that
//! changed on the way is synced. So a name either is absent or holds all its bytes.

use std::collections::HashSet;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path as FilePath, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    CopyMode, CopyOptions, Error as Failure, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions,
    RenameTargetMode, Result, UploadPart,
};

/// The folder, below the store's root, of files that have no name yet. A crash leaves some behind.
pub const STAGING: &str = "staging";

/// See the head of this file.
#[derive(Debug, Clone)]
pub struct DurableLocal {
    inner: LocalFileSystem,
    disk: Arc<Disk>,
}

impl DurableLocal {
    /// The store below `root`, a folder that exists.
    pub fn new(root: impl AsRef<FilePath>) -> Result<Self> {
        let inner = LocalFileSystem::new_with_prefix(&root)?;
        let root = fs::canonicalize(&root).map_err(generic)?;
        Ok(Self { inner, disk: Arc::new(Disk { root, synced: Mutex::default() }) })
    }

    /// The store below `root`, which is made, durably, if it is not there.
    pub fn create(root: impl AsRef<FilePath>) -> Result<Self> {
        let root = root.as_ref();
        let missing: Vec<_> = root.ancestors().take_while(|folder| !folder.exists()).collect();
        fs::create_dir_all(root).map_err(generic)?;
        for folder in missing {
            sync_folder(&parent(folder)).map_err(generic)?;
        }
        Self::new(root)
    }

    async fn sync_folder_of(&self, location: &Path) -> Result<()> {
        let (disk, file) = (self.disk.clone(), self.inner.path_to_filesystem(location)?);
        blocking(move || disk.sync_folders_of(&file).map_err(generic)).await
    }
}

impl fmt::Display for DurableLocal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DurableLocal({})", self.disk.root.display())
    }
}

#[async_trait]
impl ObjectStore for DurableLocal {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let is_create = match options.mode {
            PutMode::Create => true,
            PutMode::Overwrite => false,
            PutMode::Update(_) => return self.inner.put_opts(location, payload, options).await,
        };
        let (disk, name) = (self.disk.clone(), self.inner.path_to_filesystem(location)?);
        blocking(move || {
            let (staged, mut file) = disk.stage()?;
            payload.iter().try_for_each(|bytes| file.write_all(bytes)).map_err(generic)?;
            file.sync_all().map_err(generic)?;
            drop(file);
            disk.place(staged, &name, is_create)?;
            Ok(PutResult { e_tag: None, version: None })
        })
        .await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        _: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let (disk, name) = (self.disk.clone(), self.inner.path_to_filesystem(location)?);
        blocking(move || {
            let (staged, file) = disk.stage()?;
            let file = Arc::new(Mutex::new(file));
            let upload = DurableUpload { disk, name, file, staged: Some(staged), end: 0 };
            Ok(Box::new(upload) as Box<dyn MultipartUpload>)
        })
        .await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.inner.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.inner.get_ranges(location, ranges).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let store = self.clone();
        self.inner
            .delete_stream(locations)
            .then(move |deleted| {
                let store = store.clone();
                async move {
                    let location = deleted?;
                    store.sync_folder_of(&location).await?;
                    Ok(location)
                }
            })
            .boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list_with_offset(prefix, offset)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    /// A copy is another name of the same bytes, which are on the disk since their put.
    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await?;
        self.sync_folder_of(to).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        if matches!(options.target_mode, RenameTargetMode::Create) {
            let create = CopyOptions { mode: CopyMode::Create, extensions: options.extensions };
            self.copy_opts(from, to, create).await?;
            return object_store::ObjectStoreExt::delete(self, from).await;
        }
        self.inner.rename_opts(from, to, options).await?;
        self.sync_folder_of(to).await?;
        self.sync_folder_of(from).await
    }
}

#[derive(Debug)]
struct Disk {
    root: PathBuf,
    /// Folders whose own names are known to be on the disk, so that only their content needs a sync.
    synced: Mutex<HashSet<PathBuf>>,
}

impl Disk {
    fn stage(&self) -> Result<(Staged, File)> {
        let folder = self.root.join(STAGING);
        let path = folder.join(uuid::Uuid::now_v7().simple().to_string());
        let file = match File::create_new(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                fs::create_dir_all(&folder).map_err(generic)?;
                File::create_new(&path).map_err(generic)?
            }
            file => file.map_err(generic)?,
        };
        Ok((Staged { path }, file))
    }

    /// Gives the synced, staged file its name.
    fn place(&self, staged: Staged, name: &FilePath, is_create: bool) -> Result<()> {
        let try_once = || {
            if is_create { fs::hard_link(&staged.path, name) } else { fs::rename(&staged.path, name) }
        };
        let placed = match try_once() {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.create_folders_of(name).map_err(generic)?;
                try_once()
            }
            placed => placed,
        };
        placed.map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists if is_create => {
                Failure::AlreadyExists { path: name.display().to_string(), source: error.into() }
            }
            _ => generic(error),
        })?;
        drop(staged);
        self.sync_folders_of(name).map_err(generic)
    }

    fn create_folders_of(&self, name: &FilePath) -> io::Result<()> {
        let folder = parent(name);
        let mut synced = self.synced.lock().unwrap_or_else(PoisonError::into_inner);
        for missing in folder.ancestors().take_while(|folder| !folder.exists()) {
            synced.remove(missing);
        }
        drop(synced);
        fs::create_dir_all(folder)
    }

    /// Syncs the folder of `name`, and the folders above it up to the first whose name is known to be durable.
    fn sync_folders_of(&self, name: &FilePath) -> io::Result<()> {
        let mut folder = parent(name);
        loop {
            sync_folder(&folder)?;
            let is_known = |synced: &HashSet<_>| synced.contains(&folder);
            if folder == self.root || is_known(&self.synced.lock().unwrap_or_else(PoisonError::into_inner)) {
                return Ok(());
            }
            let above = parent(&folder);
            sync_folder(&above)?;
            self.synced.lock().unwrap_or_else(PoisonError::into_inner).insert(folder);
            folder = above;
        }
    }
}

/// A file without a name; gone when dropped, unless it was renamed before.
#[derive(Debug)]
struct Staged {
    path: PathBuf,
}

impl Drop for Staged {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

#[derive(Debug)]
struct DurableUpload {
    disk: Arc<Disk>,
    name: PathBuf,
    file: Arc<Mutex<File>>,
    /// None if and only if the upload was completed or aborted.
    staged: Option<Staged>,
    end: u64,
}

#[async_trait]
impl MultipartUpload for DurableUpload {
    fn put_part(&mut self, payload: PutPayload) -> UploadPart {
        let (file, start) = (self.file.clone(), self.end);
        self.end += payload.content_length() as u64;
        blocking(move || {
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            file.seek(SeekFrom::Start(start)).map_err(generic)?;
            payload.iter().try_for_each(|bytes| file.write_all(bytes)).map_err(generic)
        })
        .boxed()
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let staged = self.staged.take().ok_or_else(already_ended)?;
        let (disk, name, file) = (self.disk.clone(), self.name.clone(), self.file.clone());
        blocking(move || {
            file.lock().unwrap_or_else(PoisonError::into_inner).sync_all().map_err(generic)?;
            disk.place(staged, &name, false)?;
            Ok(PutResult { e_tag: None, version: None })
        })
        .await
    }

    async fn abort(&mut self) -> Result<()> {
        self.staged.take().map(drop).ok_or_else(already_ended)
    }
}

fn already_ended() -> Failure {
    generic(io::Error::other("the upload has already ended"))
}

fn parent(path: &FilePath) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// Other systems than Unix keep folders durable by themselves, and refuse to open them as files.
fn sync_folder(folder: &FilePath) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

fn generic(source: io::Error) -> Failure {
    Failure::Generic { store: "DurableLocal", source: Box::new(source) }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await?
}
