//! The Runs of an org, and what one of them captured.

use std::collections::BTreeMap;

use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch};
use chrono::{DateTime, Utc};
use holdfast_catalog::runs::{self, Run};
use holdfast_catalog::{blocks, errors};
use holdfast_domain::manifest::{Counts, FileCounts, Manifest, RunStatus, Trigger};
use holdfast_domain::{ErrorCode, ObjectName, OrgId, RunId};
use holdfast_lake::blobs::BLOB_INDEX;
use serde::Serialize;

use crate::engine::Engine;
use crate::error::{Doing, Error, Result};

/// One Run, as it is listed.
#[derive(Debug, Clone, Serialize)]
pub struct RunSummary {
    pub id: RunId,
    pub org: OrgId,
    pub trigger: Trigger,
    pub status: RunStatus,
    pub started_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<DateTime<Utc>>,
    pub objects: u64,
    pub counts: Counts,
    pub files: FileCounts,
    pub api_calls: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_code: Option<ErrorCode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl From<Run> for RunSummary {
    fn from(run: Run) -> Self {
        Self {
            id: run.id,
            org: run.org,
            trigger: run.trigger,
            status: run.status,
            started_at: run.started_at,
            finished_at: run.finished_at,
            objects: run.totals.objects,
            counts: run.totals.counts,
            files: run.totals.files,
            api_calls: run.totals.api_calls,
            error_code: run.failure.as_ref().map(|failure| failure.code),
            error: run.failure.map(|failure| failure.message),
        }
    }
}

/// One failure of a Run.
#[derive(Debug, Clone, Serialize)]
pub struct RunError {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<ObjectName>,
    pub code: ErrorCode,
    pub message: String,
    pub hint: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<DateTime<Utc>>,
}

impl Engine {
    /// The newest first.
    pub async fn runs(&self, org: &str, limit: u32) -> Result<Vec<RunSummary>> {
        let org = self.find_org(org).await?;
        let runs = runs::list_for_org(self.catalog().db(), &org.id, None, limit).await;
        Ok(runs.doing(|| "list the runs".to_owned())?.into_iter().map(RunSummary::from).collect())
    }

    /// The newest first; `before` is the last Run of the page before.
    pub async fn runs_before(
        &self,
        org: &str,
        before: Option<&RunId>,
        limit: u32,
    ) -> Result<Vec<RunSummary>> {
        let org = self.find_org(org).await?;
        let runs = runs::list_for_org(self.catalog().db(), &org.id, before, limit).await;
        Ok(runs.doing(|| "list the runs".to_owned())?.into_iter().map(RunSummary::from).collect())
    }

    /// A Run, and its Manifest if it has one. Takes a whole id, or a beginning that only one Run has.
    pub async fn run(&self, id: &str) -> Result<(RunSummary, Option<Manifest>)> {
        let run = self.find_run(id).await?;
        let manifest = match self.lake().org(&run.org).manifest(&run.id).await {
            Err(holdfast_lake::Error::NotFound { .. }) => None,
            other => Some(other.doing(|| format!("read the manifest of run `{}`", run.id))?),
        };
        Ok((RunSummary::from(run), manifest))
    }

    pub(crate) async fn find_run(&self, id: &str) -> Result<Run> {
        let db = self.catalog().db();
        let found = runs::find(db, id).await.doing(|| format!("look for run `{id}`"))?;
        match <[Run; 1]>::try_from(found) {
            Ok([run]) => Ok(run),
            Err(found) if found.is_empty() => Err(Error::UnknownRun { run: id.to_owned() }),
            Err(_) => Err(Error::AmbiguousRun { run: id.to_owned() }),
        }
    }

    /// The failures that were noted while the Run went on, and the gaps that its Manifest names.
    pub async fn run_errors(&self, id: &str) -> Result<Vec<RunError>> {
        let (run, manifest) = self.run(id).await?;
        let noted = errors::list_for_run(self.catalog().db(), &run.id).await;
        let noted = noted.doing(|| "list the errors of the run".to_owned())?;
        let mut all: Vec<_> = noted
            .into_iter()
            .map(|error| RunError {
                object: error.object,
                code: error.code,
                hint: error.code.hint(),
                message: error.message,
                at: Some(error.at),
            })
            .collect();
        let gaps = manifest.map(|manifest| manifest.objects).unwrap_or_default();
        for (object, gap) in gaps.into_iter().filter_map(|(object, entry)| Some((object, entry.gap?))) {
            if !gap.is_expected && !all.iter().any(|error| error.object.as_ref() == Some(&object)) {
                all.push(RunError {
                    object: Some(object),
                    code: gap.code,
                    hint: gap.code.hint(),
                    message: gap.message,
                    at: None,
                });
            }
        }
        if run.files.failed > 0 {
            all.extend(self.body_errors(&run).await?);
        }
        if let (Some(code), Some(message)) = (run.error_code, run.error) {
            all.push(RunError { object: None, code, hint: code.hint(), message, at: run.finished_at });
        }
        Ok(all)
    }

    /// The file bodies that a Run did not get: those that the org refused, each with its reason, and
    /// how many are tried again.
    async fn body_errors(&self, run: &RunSummary) -> Result<Vec<RunError>> {
        let index = ObjectName::parse(BLOB_INDEX).expect("it is a well-formed name");
        let doing = || "read which file bodies are missing".to_owned();
        let mut refused = Vec::new();
        if let Some(table) = self.lake().org(&run.org).table(&index).await.doing(doing)? {
            let columns = ["SObject", "Failure", "_run"].map(str::to_owned).to_vec();
            let mut rows = table.versions_between(-1, table.version(), Some(columns)).doing(doing)?;
            while let Some(batch) = rows.next().await.doing(doing)? {
                refused.extend(refused_bodies(&batch, &run.id));
            }
        }
        let open = run.files.failed.saturating_sub(refused.len() as u64);
        if open > 0 {
            let code = ErrorCode::AnswerUnreadable;
            let message = format!(
                "{open} file bodies could not be fetched; the next run tries again, and a backup with \
                 --refetch-files looks for those that the lake has lost"
            );
            refused.push(RunError { object: None, code, hint: code.hint(), message, at: run.finished_at });
        }
        Ok(refused)
    }

    /// The newest finished Run of the org that is older than `run`.
    pub(crate) async fn manifest_before(&self, org: &OrgId, run: &RunId) -> Result<Option<Manifest>> {
        let lake = self.lake().org(org);
        let ids = lake.manifests().await.doing(|| "list the manifests".to_owned())?;
        let Some(before) = ids.into_iter().filter(|id| id < run).max() else { return Ok(None) };
        lake.manifest(&before).await.map(Some).doing(|| format!("read the manifest of run `{before}`"))
    }

    /// The table version of every Object as of a Run: its own Manifest's, or the newest earlier one's
    /// that names the Object, because a round of auto backup names only what it touched.
    pub(crate) async fn versions_at(&self, org: &OrgId, run: &RunId) -> Result<BTreeMap<ObjectName, i64>> {
        let lake = self.lake().org(org);
        let mut ids = lake.manifests().await.doing(|| "list the manifests".to_owned())?;
        ids.retain(|id| id <= run);
        ids.sort();
        let mut versions = BTreeMap::new();
        for id in ids.into_iter().rev() {
            let manifest = lake.manifest(&id).await.doing(|| format!("read the manifest of run `{id}`"))?;
            let is_complete = manifest.names_every_object;
            for (object, entry) in manifest.objects {
                if let Some(version) = entry.table_version {
                    versions.entry(object).or_insert(version);
                }
            }
            if is_complete {
                break;
            }
        }
        Ok(versions)
    }

    /// The Blocks of one Object, newest first: its backup timeline.
    pub async fn timeline(&self, org: &str, object: &ObjectName, limit: u32) -> Result<Vec<blocks::Block>> {
        let org = self.find_org(org).await?;
        let blocks = blocks::list_for_object(self.catalog().db(), &org.id, object, None, limit).await;
        blocks.doing(|| format!("read the timeline of `{object}`"))
    }
}

fn refused_bodies(batch: &RecordBatch, run: &RunId) -> Vec<RunError> {
    let text = |name: &str| batch.column_by_name(name).map(|column| column.as_string::<i32>().clone());
    let (Some(ids), Some(objects), Some(failures), Some(runs)) =
        (text("Id"), text("SObject"), text("Failure"), text("_run"))
    else {
        return Vec::new();
    };
    let code = ErrorCode::RequestRefused;
    (0..batch.num_rows())
        .filter(|row| runs.value(*row) == run.as_str() && failures.is_valid(*row))
        .map(|row| RunError {
            object: ObjectName::parse(objects.value(row)).ok(),
            code,
            message: format!("the body of `{}` is missing: {}", ids.value(row), failures.value(row)),
            hint: code.hint(),
            at: None,
        })
        .collect()
}
