//! Where a case runs: a place for one empty catalog, which may be opened more than once, as by two processes.

use std::path::PathBuf;

use chrono::{DateTime, TimeDelta, Utc};
use holdfast_catalog::orgs::{self, AutoState, Org};
use holdfast_catalog::{Catalog, Location};
use holdfast_domain::budget::ApiBudget;
use holdfast_domain::{ObjectName, OrgId, RunId};
use tempfile::TempDir;

/// A database that nobody has opened yet.
pub(crate) struct Stand {
    pub(crate) location: Location,
    pub(crate) folder: TempDir,
}

impl Stand {
    pub(crate) fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { location: Location::sqlite(folder.path().join("catalog.db")), folder }
    }

    pub(crate) fn at(location: Location) -> Self {
        Self { location, folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn key_path(&self) -> PathBuf {
        self.folder.path().join("secret.key")
    }

    pub(crate) async fn open(&self) -> Catalog {
        Catalog::open(&self.location, &self.key_path(), noon()).await.unwrap()
    }

    /// The opened catalog with one org in it.
    pub(crate) async fn with_org(&self) -> (Catalog, OrgId) {
        let catalog = self.open().await;
        let org = org("00Dxx0000001gPLEAY", "Acme");
        orgs::insert(catalog.db(), &org).await.unwrap();
        (catalog, org.id)
    }
}

pub(crate) fn org(id: &str, name: &str) -> Org {
    Org {
        id: OrgId::parse(id).unwrap(),
        name: name.to_owned(),
        instance_url: "https://acme.my.salesforce.com".to_owned(),
        organization_type: Some("Enterprise Edition".to_owned()),
        is_sandbox: None,
        auto_state: AutoState::Off,
        api_budget: ApiBudget::default(),
        connected_at: noon(),
        owner: None,
    }
}

pub(crate) fn noon() -> DateTime<Utc> {
    "2026-03-01T12:00:00.123456Z".parse().unwrap()
}

pub(crate) fn minutes(after_noon: i64) -> DateTime<Utc> {
    noon() + TimeDelta::minutes(after_noon)
}

pub(crate) fn object(name: &str) -> ObjectName {
    ObjectName::parse(name).unwrap()
}

/// Run ids in order.
pub(crate) fn run_id(n: u32) -> RunId {
    RunId::parse(&format!("019570a0-0000-7000-8000-{n:012}")).unwrap()
}
