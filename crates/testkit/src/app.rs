//! An engine in a directory of its own, connected to a simulated org.

use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use chrono::{DateTime, TimeDelta, Utc};
use holdfast_domain::ObjectName;
use holdfast_domain::manifest::Manifest;
use holdfast_engine::{BackupOptions, Clock, Engine, EngineOptions, EventSink, NewOrg, Settings};
use holdfast_lake::StepHook;
use holdfast_lake::store::Store;
use holdfast_salesforce::Credentials;
use simorg::RunningOrg;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::clock::FastClock;
use crate::contents::{lake_contents, org_contents};

/// The name under which the simulated org is connected.
const ORG: &str = "acme";

/// Dropping the last one on a directory removes it.
pub struct TestApp {
    pub engine: Engine,
    pub clock: Arc<FastClock>,
    data_dir: Arc<TempDir>,
    settings: Settings,
    /// In place of the folder `lake`.
    store: Option<Store>,
    asked_at: OnceLock<DateTime<Utc>>,
}

impl TestApp {
    /// A new data directory, with the org connected as `acme`.
    pub async fn connected_to(org: &RunningOrg) -> Result<Self> {
        Self::with_settings(org, quick()).await
    }

    pub async fn with_settings(org: &RunningOrg, settings: Settings) -> Result<Self> {
        Self::with_store(org, settings, None).await
    }

    /// Like [`Self::connected_to`], with the lake in this store.
    pub async fn on_store(org: &RunningOrg, settings: Settings, store: Store) -> Result<Self> {
        Self::with_store(org, settings, Some(store)).await
    }

    async fn with_store(org: &RunningOrg, settings: Settings, store: Option<Store>) -> Result<Self> {
        let data_dir = tempfile::tempdir()?;
        let clock = Arc::new(FastClock::default());
        let engine = open(data_dir.path(), &clock, &settings, store.as_ref(), StepHook::default()).await?;
        let data_dir = Arc::new(data_dir);
        let app = Self { engine, clock, data_dir, settings, store, asked_at: OnceLock::new() };
        app.connect(org).await?;
        Ok(app)
    }

    /// Like [`Self::connected_to`], and then opened again with a hook that ends the work somewhere.
    pub async fn dying(org: &RunningOrg, steps: StepHook) -> Result<Self> {
        let mut settings = quick();
        // What is dead does not come back: trying again only takes time.
        settings.give_up_after = Duration::ZERO;
        let app = Self::with_settings(org, settings).await?;
        app.engine.catalog().close().await;
        let engine = open(app.data_dir.path(), &app.clock, &app.settings, app.store.as_ref(), steps).await?;
        Ok(Self { engine, ..app })
    }

    /// Connects the org, or connects it again.
    pub async fn connect(&self, org: &RunningOrg) -> Result<()> {
        let credentials = Credentials::ClientCredentials {
            login_url: org.url().parse()?,
            client_id: org.client_id().to_owned(),
            client_secret: "simorg".into(),
        };
        let new = NewOrg { name: ORG.to_owned(), instance_url: None, credentials };
        self.engine.add_org(new).await.context("connect the simulated org")?;
        Ok(())
    }

    /// The same data directory, opened by a process that starts anew.
    pub async fn reopened(self) -> Result<Self> {
        self.engine.catalog().close().await;
        let settings = quick();
        let engine =
            open(self.data_dir.path(), &self.clock, &settings, self.store.as_ref(), StepHook::default())
                .await?;
        Ok(Self { engine, settings, ..self })
    }

    /// The same data directory, opened by a second process beside this one.
    pub async fn another_process(&self) -> Result<Self> {
        self.beside(self.settings.clone(), StepHook::default()).await
    }

    pub async fn another_process_with(&self, steps: StepHook) -> Result<Self> {
        self.beside(self.settings.clone(), steps).await
    }

    /// One that was started with other settings.
    pub async fn another_process_under(&self, settings: Settings) -> Result<Self> {
        self.beside(settings, StepHook::default()).await
    }

    async fn beside(&self, settings: Settings, steps: StepHook) -> Result<Self> {
        let (clock, data_dir, store) = (self.clock.clone(), self.data_dir.clone(), self.store.clone());
        let engine = open(data_dir.path(), &clock, &settings, store.as_ref(), steps).await?;
        Ok(Self { engine, clock, data_dir, settings, store, asked_at: OnceLock::new() })
    }

    /// The same data directory after its catalog was lost.
    pub async fn without_catalog(self) -> Result<Self> {
        self.engine.catalog().close().await;
        for entry in std::fs::read_dir(self.data_dir.path())? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if name.starts_with("catalog.db") {
                std::fs::remove_file(path)?;
            }
        }
        self.reopened().await
    }

    /// True if no round of auto backup is under way.
    pub async fn is_idle(&self) -> Result<bool> {
        let items = holdfast_catalog::work_items::list(self.engine.catalog().db(), "auto").await?;
        Ok(items.iter().all(|item| item.owner.is_none()))
    }

    /// True from this long after the first time of asking on.
    pub fn has_passed(&self, time: TimeDelta) -> bool {
        let now = self.clock.now();
        let since = *self.asked_at.get_or_init(|| now);
        now - since >= time
    }

    pub fn data_dir(&self) -> &Path {
        self.data_dir.path()
    }

    /// Captures everything once.
    pub async fn backup(&self) -> Result<Manifest> {
        self.backup_of(&[]).await
    }

    pub async fn backup_of(&self, objects: &[&str]) -> Result<Manifest> {
        let objects = objects.iter().map(|name| ObjectName::parse(name)).collect::<Result<_, _>>()?;
        let options = BackupOptions { objects, ..BackupOptions::default() };
        let run = self.engine.backup(ORG, options, EventSink::default(), CancellationToken::new());
        Ok(run.await?)
    }

    /// Fails with a list of differences unless the lake holds what the org holds, field by field.
    pub async fn assert_lake_equals(&self, org: &RunningOrg) -> Result<()> {
        let id = self.engine.org(ORG).await?.id;
        let lake = lake_contents(&self.engine.lake().org(&id)).await?;
        let differences = org_contents(org.org()).differences_from(&lake);
        anyhow::ensure!(differences.is_empty(), "the lake is not as the org is:\n{}", differences.join("\n"));
        Ok(())
    }
}

/// Asks again and again until `condition` holds; says what was waited for if it never does.
pub async fn wait_for<F: Future<Output = bool>>(
    what: &str,
    deadline: Duration,
    mut condition: impl FnMut() -> F,
) -> Result<()> {
    let begun = Instant::now();
    while !condition().await {
        anyhow::ensure!(begun.elapsed() < deadline, "waited in vain for {what}");
        pause().await;
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "so that waiting does not keep a core busy")]
async fn pause() {
    tokio::time::sleep(Duration::from_millis(20)).await;
}

async fn open(
    data_dir: &Path,
    clock: &Arc<FastClock>,
    settings: &Settings,
    store: Option<&Store>,
    steps: StepHook,
) -> Result<Engine> {
    let mut options = EngineOptions::new(data_dir);
    options.steps = steps;
    options.clock = clock.clone();
    options.settings = settings.clone();
    options.store = store.cloned();
    Ok(Engine::open(options).await?)
}

/// Small numbers, so that tests with few records pass through every path.
pub fn quick() -> Settings {
    let mut settings = Settings::default();
    settings.windows.block_records = 400;
    settings.rest_records = 150;
    settings.give_up_after = Duration::from_mins(1);
    settings.patience = TimeDelta::hours(1);
    settings
}
