//! The data directory, the lake and the catalog, opened together.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use holdfast_catalog::{Catalog, Location, Transaction};
use holdfast_domain::ErrorCode;
use holdfast_domain::capture::window::WindowPolicy;
use holdfast_domain::retry::DEFAULT_PATIENCE;
use holdfast_lake::store::Store;
use holdfast_lake::{Lake, LakeLocation, LakeOptions};

use crate::access::AccessSettings;
use crate::clock::{Clock, SystemClock};
use crate::error::{Doing, Error, Result};
use crate::events::{LiveEvent, LiveEvents};
use crate::orgs::Clients;
use crate::process::ProcessName;

/// Where everything lies, and how the engine behaves.
#[derive(Clone)]
pub struct EngineOptions {
    /// Holds `catalog.db`, `secret.key`, `cache/`, and `lake/` unless `lake` says otherwise.
    pub data_dir: PathBuf,
    /// A PostgreSQL URL; the default is SQLite in the data directory.
    pub database_url: Option<String>,
    pub lake: Option<LakeLocation>,
    /// Where the lake lies in place of `lake`; for tests of storage that fails.
    pub store: Option<Store>,
    pub clock: Arc<dyn Clock>,
    pub settings: Settings,
    /// Called before each durable step of the lake; for crash tests.
    pub steps: holdfast_lake::StepHook,
}

impl EngineOptions {
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            database_url: None,
            lake: None,
            store: None,
            clock: Arc::new(SystemClock),
            settings: Settings::default(),
            steps: holdfast_lake::StepHook::default(),
        }
    }
}

/// Numbers that decide pace and patience.
#[derive(Debug, Clone)]
pub struct Settings {
    pub windows: WindowPolicy,
    /// How long an Object fails before its light turns yellow.
    pub patience: TimeDelta,
    /// Objects captured at the same time.
    pub parallel: usize,
    /// How long `backup` keeps trying a failing request before it leaves a gap.
    pub give_up_after: Duration,
    /// How long a Bulk job may stand still before it is ended, and begun again.
    pub job_patience: Duration,
    /// Up to this many records a time window is read by REST queries, above it by a Bulk job: five
    /// pages of 2,000 cost what creating, polling, reading and deleting a job costs.
    pub rest_records: u64,
    /// Pause between two rounds of auto backup.
    pub round_every: Duration,
    /// Pause between two describes of the whole org by auto backup.
    pub describe_every: Duration,
    /// Pause before auto backup looks again whether the API window has moved.
    pub limit_check_every: Duration,
    pub access: AccessSettings,
    /// Whole but in tests.
    pub precautions: Precautions,
}

/// What capture does beyond reading the newest stamps. A test that takes one of them away proves that its absence shows.
#[derive(Debug, Clone, Copy)]
pub struct Precautions {
    /// New and retyped fields are read again in records whose stamp did not move.
    pub backfill: bool,
    /// Where the counts differ, all Ids are compared.
    pub id_sweep: bool,
}

impl Default for Precautions {
    fn default() -> Self {
        Self { backfill: true, id_sweep: true }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            windows: WindowPolicy::default(),
            patience: DEFAULT_PATIENCE,
            parallel: 4,
            give_up_after: Duration::from_mins(10),
            job_patience: Duration::from_hours(1),
            rest_records: 10_000,
            round_every: Duration::from_mins(1),
            describe_every: Duration::from_mins(15),
            limit_check_every: Duration::from_mins(15),
            access: AccessSettings::default(),
            precautions: Precautions::default(),
        }
    }
}

/// All that a use case needs. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    data_dir: PathBuf,
    lake: Lake,
    catalog: Catalog,
    clock: Arc<dyn Clock>,
    settings: Settings,
    clients: Clients,
    live: LiveEvents,
    /// Names this process in leases.
    owner: ProcessName,
}

impl Engine {
    /// Opens what is there and creates what is not.
    pub async fn open(options: EngineOptions) -> Result<Self> {
        create_private(&options.data_dir)
            .map_err(|source| Error::NoDirectory { path: options.data_dir.display().to_string(), source })?;
        Self::open_parts(options, Opening::Create).await
    }

    /// Opens what is there for [`Self::rebuild`]: a lake that has lost its own document gets another one, and a
    /// catalog that is no database any more is set aside.
    pub async fn open_to_rebuild(options: EngineOptions) -> Result<Self> {
        ensure_data(&options)?;
        let catalog = options.database_url.is_none().then(|| options.data_dir.join("catalog.db"));
        match (Self::open_parts(options.clone(), Opening::Recover).await, catalog) {
            (Err(error), Some(catalog)) if error.code() == ErrorCode::CatalogDamaged => {
                set_aside(&catalog, options.clock.now())?;
                Self::open_parts(options, Opening::Recover).await
            }
            (opened, _) => opened,
        }
    }

    /// Opens what is there, and fails where there is nothing.
    pub async fn open_existing(options: EngineOptions) -> Result<Self> {
        ensure_data(&options)?;
        Self::open_parts(options, Opening::Existing).await
    }

    async fn open_parts(options: EngineOptions, opening: Opening) -> Result<Self> {
        let EngineOptions { data_dir, database_url, lake, store, clock, settings, steps } = options;
        let location = lake.unwrap_or_else(|| LakeLocation::Local(data_dir.join("lake")));
        let lake_options =
            LakeOptions { cache_dir: Some(data_dir.join("cache")), hook: steps, ..LakeOptions::default() };
        let opened = match (store, opening) {
            (Some(store), _) => Lake::with_store(store, &location.to_string(), lake_options).await,
            (None, Opening::Create) => Lake::open(&location, lake_options).await,
            (None, Opening::Existing) => Lake::open_existing(&location, lake_options).await,
            (None, Opening::Recover) => Lake::recover(&location, lake_options).await,
        };
        let lake = opened.doing(|| format!("open the lake at `{location}`"))?;
        let database = match database_url {
            Some(url) => url.parse::<Location>().doing(|| "read the database address".to_owned())?,
            None => Location::sqlite(data_dir.join("catalog.db")),
        };
        let catalog = Catalog::open(&database, &data_dir.join("secret.key"), clock.now())
            .await
            .doing(|| "open the catalog".to_owned())?;
        let owner = ProcessName::current();
        Ok(Self {
            inner: Arc::new(Inner {
                data_dir,
                lake,
                catalog,
                clock,
                settings,
                clients: Clients::default(),
                live: LiveEvents::default(),
                owner,
            }),
        })
    }

    pub fn data_dir(&self) -> &Path {
        &self.inner.data_dir
    }

    pub fn lake(&self) -> &Lake {
        &self.inner.lake
    }

    pub fn catalog(&self) -> &Catalog {
        &self.inner.catalog
    }

    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.inner.clock
    }

    pub fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    pub(crate) fn clients(&self) -> &Clients {
        &self.inner.clients
    }

    /// Fails unless catalog and lake can be reached.
    pub async fn is_ready(&self) -> Result<()> {
        self.is_served().await?;
        self.lake().org_ids().await.doing(|| "look into the lake".to_owned()).map(drop)
    }

    pub(crate) fn live(&self) -> &LiveEvents {
        &self.inner.live
    }

    /// What happens from now on in this process, of all orgs.
    pub fn live_events(&self) -> tokio::sync::broadcast::Receiver<LiveEvent> {
        self.inner.live.watch()
    }

    pub(crate) async fn begin(&self) -> Result<Transaction> {
        self.catalog().begin().await.doing(|| "write to the catalog".to_owned())
    }

    pub(crate) async fn commit(&self, transaction: Transaction) -> Result<()> {
        holdfast_catalog::commit(transaction).await.doing(|| "write to the catalog".to_owned())
    }

    pub(crate) fn owner(&self) -> &str {
        self.inner.owner.as_str()
    }
}

#[derive(Clone, Copy)]
enum Opening {
    Create,
    Existing,
    Recover,
}

fn ensure_data(options: &EngineOptions) -> Result<()> {
    let is_remote = options.database_url.is_some() || options.lake.is_some();
    if !is_remote && !options.data_dir.join("lake").is_dir() {
        return Err(Error::NoData { path: options.data_dir.display().to_string() });
    }
    Ok(())
}

/// Only the user that runs Holdfast may look into a data directory that Holdfast makes.
fn create_private(folder: &Path) -> std::io::Result<()> {
    if let Some(parent) = folder.parent() {
        std::fs::create_dir_all(parent)?;
    }
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists && folder.is_dir() => Ok(()),
        created => created,
    }
}

/// The database and what SQLite keeps beside it.
fn set_aside(database: &Path, now: DateTime<Utc>) -> Result<()> {
    for suffix in ["", "-wal", "-shm"] {
        let from = PathBuf::from(format!("{}{suffix}", database.display()));
        let to = format!("{}{suffix}.damaged-{}", database.display(), now.format("%Y%m%dT%H%M%SZ"));
        match std::fs::rename(&from, &to) {
            Ok(()) => tracing::warn!("`{}` is damaged and was set aside as `{to}`", from.display()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(source) => return Err(Error::NotSetAside { path: from.display().to_string(), source }),
        }
    }
    Ok(())
}
