//! Proves from the storage alone that everything that the lake says is there and whole.
//!
//! Nothing is repaired and nothing is trusted but the bytes. Each finding names the file and the
//! invariant that it breaks (`docs/storage-format.md`); what merely lies there unused is told as
//! left over, which is no fault: a crash leaves such files, and they are cleaned after a grace time.
//! What cannot be reached is an error of the check itself, so that a broken network is never taken
//! for a damaged lake.

mod blobs;
mod documents;
mod invariant;
mod rows;
mod tables;

use std::collections::{BTreeMap, BTreeSet};

use holdfast_domain::{ObjectName, OrgId, SchemaHash};
use object_store::path::Path;
use serde::{Deserialize, Serialize};

pub use invariant::Invariant;

use crate::lake::{Lake, document_path, orgs_folder, read_document};
use crate::{Error, Result, store};

/// How much is proved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CheckOptions {
    /// Reads every value of every data file, and hashes every describe and file body again.
    pub read_data: bool,
}

/// How far a check has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckProgress {
    pub org: OrgId,
    /// The Object whose table comes next, or the folder that is being read.
    pub name: String,
    /// Tables of this Org that are done, and all of them.
    pub done: usize,
    pub total: usize,
}

/// One thing that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub path: String,
    pub invariant: Invariant,
    pub detail: String,
}

/// What was looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckCounts {
    pub orgs: u64,
    pub manifests: u64,
    pub tables: u64,
    pub data_files: u64,
    pub rows: u64,
    pub describes: u64,
    pub blobs: u64,
    /// Bytes of data files, describes and blobs in the lake.
    pub bytes: u64,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckReport {
    pub lake_id: String,
    pub counts: CheckCounts,
    /// What breaks an invariant.
    pub damage: Vec<Finding>,
    /// What no log and no Manifest names.
    pub left_over: Vec<Finding>,
}

impl CheckReport {
    /// True if and only if every invariant holds.
    pub fn is_whole(&self) -> bool {
        self.damage.is_empty()
    }
}

impl Lake {
    /// Checks the whole lake. Memory does not grow with the number of records or files.
    pub async fn check(
        &self,
        options: CheckOptions,
        progress: &mut (dyn FnMut(CheckProgress) + Send + Sync),
    ) -> Result<CheckReport> {
        let report = CheckReport { lake_id: self.id().to_owned(), ..CheckReport::default() };
        let mut check = Check { lake: self, options, report, progress };
        check.run().await?;
        Ok(check.report)
    }

    /// Checks what the lake holds of one Org.
    pub async fn check_org(
        &self,
        org: &OrgId,
        options: CheckOptions,
        progress: &mut (dyn FnMut(CheckProgress) + Send + Sync),
    ) -> Result<CheckReport> {
        let report = CheckReport { lake_id: self.id().to_owned(), ..CheckReport::default() };
        let mut check = Check { lake: self, options, report, progress };
        check.check_lake_document().await?;
        check.check_org(org).await?;
        Ok(check.report)
    }
}

/// A check under way.
struct Check<'a> {
    lake: &'a Lake,
    options: CheckOptions,
    report: CheckReport,
    progress: &'a mut (dyn FnMut(CheckProgress) + Send + Sync),
}

/// What the parts of one Org say of each other.
#[derive(Debug, Default)]
struct OrgFacts {
    /// The newest version of each table; none for a log that cannot be read, which is a finding itself.
    versions: BTreeMap<ObjectName, Option<i64>>,
    describes: BTreeSet<(ObjectName, SchemaHash)>,
}

impl Check<'_> {
    async fn run(&mut self) -> Result<()> {
        self.check_lake_document().await?;
        for name in store::folders(self.lake.store(), &orgs_folder()).await? {
            if let Ok(id) = OrgId::parse(&name) {
                self.check_org(&id).await?;
            } else {
                let folder = orgs_folder().join(name);
                self.left_over(&folder, "its name is no org id");
            }
        }
        Ok(())
    }

    async fn check_lake_document(&mut self) -> Result<()> {
        match read_document(self.lake.store()).await {
            Ok(Some(_)) => Ok(()),
            Ok(None) => {
                self.damaged(&document_path(), Invariant::LakeIsNamed, "it is missing");
                Ok(())
            }
            Err(error) => self.found(&document_path(), Invariant::LakeIsNamed, error),
        }
    }

    async fn check_org(&mut self, id: &OrgId) -> Result<()> {
        let org = self.lake.org(id);
        let mut facts = OrgFacts::default();
        self.report.counts.orgs += 1;
        self.check_org_document(&org).await?;
        self.check_describes(&org, &mut facts).await?;
        let tables = store::folders(self.lake.store(), &org.objects_folder()).await?;
        for (done, name) in tables.iter().enumerate() {
            (self.progress)(CheckProgress { org: id.clone(), name: name.clone(), done, total: tables.len() });
            if let Ok(object) = ObjectName::parse(name) {
                self.check_table(&org, &object, &mut facts).await?;
            } else {
                self.left_over(&org.objects_folder().join(name.as_str()), "its name is no object's");
            }
        }
        self.check_manifests(&org, &facts).await?;
        let total = tables.len();
        (self.progress)(CheckProgress { org: id.clone(), name: "files".to_owned(), done: total, total });
        self.check_blobs(&org).await
    }

    fn damaged(&mut self, path: &Path, invariant: Invariant, detail: impl Into<String>) {
        self.report.damage.push(Finding { path: path.to_string(), invariant, detail: detail.into() });
    }

    fn left_over(&mut self, path: &Path, detail: &str) {
        let invariant = Invariant::NothingIsLeftOver;
        self.report.left_over.push(Finding { path: path.to_string(), invariant, detail: detail.to_owned() });
    }

    /// Notes `error` as damage at `path`, unless it says that the storage could not be asked.
    fn found(&mut self, path: &Path, invariant: Invariant, error: Error) -> Result<()> {
        match error {
            Error::Damaged { path, reason } => {
                self.report.damage.push(Finding { path, invariant, detail: reason });
            }
            Error::NotFound { path } => {
                let detail = "it is missing".to_owned();
                self.report.damage.push(Finding { path, invariant, detail });
            }
            Error::DamagedJson { ref path, ref source } => {
                let detail = source.to_string();
                self.report.damage.push(Finding { path: path.clone(), invariant, detail });
            }
            Error::ParquetNotRead { ref path, ref source } => {
                let detail = source.to_string();
                self.report.damage.push(Finding { path: path.clone(), invariant, detail });
            }
            Error::Rows { .. } | Error::TooNew { .. } | Error::TableTooNew { .. } => {
                self.damaged(path, invariant, error.to_string());
            }
            error => return Err(error),
        }
        Ok(())
    }
}
