//! The small documents of an Org: who it is, its describes, its Manifests.

use std::collections::BTreeSet;

use futures::TryStreamExt;
use holdfast_domain::manifest::{MANIFEST_FORMAT, Manifest};
use holdfast_domain::schema::ObjectSchema;
use holdfast_domain::{ObjectName, SchemaHash};
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore};

use super::{Check, Invariant, OrgFacts};
use crate::lake::read_json;
use crate::manifests::run_id;
use crate::org::OrgLake;
use crate::schemas::schema_hash;
use crate::{Error, Result, store};

impl Check<'_> {
    pub(super) async fn check_org_document(&mut self, org: &OrgLake) -> Result<()> {
        let path = org.document_path();
        match org.org_document().await {
            Ok(Some(document)) if document.id == *org.id() => {}
            Ok(Some(document)) => {
                let detail = format!("it is of the org `{}`", document.id);
                self.damaged(&path, Invariant::OrgIsNamed, detail);
            }
            Ok(None) => self.damaged(&path, Invariant::OrgIsNamed, "it is missing"),
            Err(error) => self.found(&path, Invariant::OrgIsNamed, error)?,
        }
        Ok(())
    }

    pub(super) async fn check_describes(&mut self, org: &OrgLake, facts: &mut OrgFacts) -> Result<()> {
        let folder = org.schemas_folder();
        let mut files = self.lake.store().list(Some(&folder));
        while let Some(file) = files.try_next().await.map_err(|source| Error::listing(&folder, source))? {
            let object = file.location.prefix_match(&folder).and_then(|mut parts| parts.next());
            let object = object.and_then(|name| ObjectName::parse(name.as_ref()).ok());
            let (Some(object), Some(hash)) = (object, schema_hash(&file.location)) else {
                self.left_over(&file.location, "its name is no describe's");
                continue;
            };
            self.report.counts.describes += 1;
            self.report.counts.bytes += file.size;
            if self.options.read_data {
                self.read_describe(&file, &object, &hash).await?;
            }
            facts.describes.insert((object, hash));
        }
        Ok(())
    }

    async fn read_describe(
        &mut self,
        file: &ObjectMeta,
        object: &ObjectName,
        hash: &SchemaHash,
    ) -> Result<()> {
        let path = &file.location;
        let Some(bytes) = store::get(self.lake.store(), path).await? else { return Ok(()) };
        let found = SchemaHash::of(&bytes);
        if found != *hash {
            let detail = format!("its content has the hash `{found}`");
            self.damaged(path, Invariant::DescribeIsItsHash, detail);
            return Ok(());
        }
        match ObjectSchema::from_describe(&bytes) {
            Ok(schema) if schema.name == *object => {}
            Ok(schema) => {
                self.damaged(path, Invariant::DescribeIsItsHash, format!("it describes `{}`", schema.name));
            }
            Err(error) => self.damaged(path, Invariant::DescribeIsItsHash, error.to_string()),
        }
        Ok(())
    }

    pub(super) async fn check_manifests(&mut self, org: &OrgLake, facts: &OrgFacts) -> Result<()> {
        let files = store::files(self.lake.store(), &org.runs_folder()).await?;
        let known: BTreeSet<_> = files.iter().filter_map(|file| run_id(&file.location)).collect();
        for file in files {
            let path = file.location;
            let Some(run) = run_id(&path) else {
                self.left_over(&path, "its name is no manifest's");
                continue;
            };
            self.report.counts.manifests += 1;
            match read_json::<Manifest>(self.lake.store(), &path, MANIFEST_FORMAT).await {
                Ok(Some(manifest)) if manifest.run == run && manifest.org == *org.id() => {
                    self.check_manifest(org, &path, &manifest, facts).await?;
                    if let Some(lost) = manifest.previous.filter(|previous| !known.contains(previous)) {
                        let detail = format!("it is missing; run `{run}` followed it");
                        self.damaged(&org.manifest_path(&lost), Invariant::ManifestIsThere, detail);
                    }
                }
                Ok(Some(manifest)) => {
                    let detail = format!("it is of the run `{}` of `{}`", manifest.run, manifest.org);
                    self.damaged(&path, Invariant::ManifestIsWhole, detail);
                }
                Ok(None) => {}
                Err(error) => self.found(&path, Invariant::ManifestIsWhole, error)?,
            }
        }
        Ok(())
    }

    async fn check_manifest(
        &mut self,
        org: &OrgLake,
        path: &Path,
        manifest: &Manifest,
        facts: &OrgFacts,
    ) -> Result<()> {
        for (object, entry) in &manifest.objects {
            if let Some(version) = entry.table_version
                && let Some(detail) = self.unknown_version(org, object, version, facts).await?
            {
                self.damaged(path, Invariant::ManifestNamesKnownVersions, detail);
            }
            if let Some(hash) = &entry.schema
                && !self.has_describe(org, facts, object, hash).await?
            {
                let detail = format!("the describe `{hash}` of `{object}` is missing");
                self.damaged(path, Invariant::ManifestNamesKnownDescribes, detail);
            }
        }
        Ok(())
    }

    /// Why `version` cannot be; none if it can. A Run that goes on beside the check may have committed it since
    /// the table was looked at.
    async fn unknown_version(
        &mut self,
        org: &OrgLake,
        object: &ObjectName,
        version: i64,
        facts: &OrgFacts,
    ) -> Result<Option<String>> {
        if facts.versions.get(object).is_some_and(|newest| newest.is_none_or(|newest| version <= newest)) {
            return Ok(None);
        }
        let log = org.delta_log(object);
        match log.load().await {
            Ok(Some(state)) if version <= state.version => Ok(None),
            Ok(Some(state)) => {
                Ok(Some(format!("version {version} of `{object}` is above the newest, {}", state.version)))
            }
            Ok(None) => Ok(Some(format!("the table of `{object}` is missing"))),
            Err(error) => self.found(log.path(), Invariant::LogReplays, error).map(|()| None),
        }
    }

    /// True also for a describe that came after all were listed: a Run may go on beside the check.
    pub(super) async fn has_describe(
        &self,
        org: &OrgLake,
        facts: &OrgFacts,
        object: &ObjectName,
        hash: &SchemaHash,
    ) -> Result<bool> {
        if facts.describes.contains(&(object.clone(), hash.clone())) {
            return Ok(true);
        }
        Ok(store::head(self.lake.store(), &org.schema_path(object, hash)).await?.is_some())
    }
}
