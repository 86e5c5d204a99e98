//! An engine in a directory of its own, connected to a simulated org.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use chrono::TimeDelta;
use holdfast_domain::ObjectName;
use holdfast_domain::manifest::Manifest;
use holdfast_engine::{BackupOptions, Engine, EngineOptions, EventSink, NewOrg, Settings};
use holdfast_salesforce::Credentials;
use simorg::RunningOrg;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::clock::FastClock;
use crate::contents::{lake_contents, org_contents};

/// The name under which the simulated org is connected.
const ORG: &str = "acme";

/// Dropping it removes the directory.
pub struct TestApp {
    pub engine: Engine,
    pub clock: Arc<FastClock>,
    data_dir: TempDir,
    settings: Settings,
}

impl TestApp {
    /// A new data directory, with the org connected as `acme`.
    pub async fn connected_to(org: &RunningOrg) -> Result<Self> {
        Self::with_settings(org, quick()).await
    }

    pub async fn with_settings(org: &RunningOrg, settings: Settings) -> Result<Self> {
        let data_dir = tempfile::tempdir()?;
        let clock = Arc::new(FastClock::default());
        let engine = open(data_dir.path(), &clock, &settings).await?;
        let app = Self { engine, clock, data_dir, settings };
        app.connect(org).await?;
        Ok(app)
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
        let engine = open(self.data_dir.path(), &self.clock, &self.settings).await?;
        Ok(Self { engine, ..self })
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
        let options = BackupOptions { objects };
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

async fn open(data_dir: &Path, clock: &Arc<FastClock>, settings: &Settings) -> Result<Engine> {
    let mut options = EngineOptions::new(data_dir);
    options.clock = clock.clone();
    options.settings = settings.clone();
    Ok(Engine::open(options).await?)
}

/// Small numbers, so that tests with few records pass through every path.
pub fn quick() -> Settings {
    let mut settings = Settings::default();
    settings.windows.block_records = 400;
    settings.rest_records = 150;
    settings.give_up_after = Duration::from_secs(60);
    settings.patience = TimeDelta::hours(1);
    settings
}
