//! One Run, and what must be so after it: the state, the changes and the histories are as the model says.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use holdfast_domain::change::Change;
use holdfast_domain::manifest::Manifest;
use holdfast_domain::{ErrorCode, ObjectName, RecordId};
use holdfast_engine::history::FieldChange;
use holdfast_testkit::{lake_contents, visible};

use super::model::Record;
use super::world::World;

impl World {
    pub(super) async fn run(&mut self) -> Result<()> {
        let run = self.runs.len();
        self.say(format!("RUN {run}"));
        let seen = visible(self.org.org());
        self.model.look(run, &seen);
        let other = self.model.objects().filter(|(_, noted)| noted.has_other_fields);
        self.refilled.extend(other.map(|(name, _)| (name.clone(), run)));
        let manifest = self.app.backup().await.context("the run failed")?;
        self.runs.push(manifest.run.clone());
        if let Some(accounts) = seen.get("Account") {
            self.gone.iter_mut().for_each(|(field, is_seen)| *is_seen |= !accounts.fields.contains(*field));
        }
        compare_manifest(&manifest, |object| seen.contains_key(object))?;
        self.compare_state(&manifest).await?;
        self.compare_changes(run).await?;
        self.compare_histories(Some(run)).await
    }

    async fn compare_state(&self, manifest: &Manifest) -> Result<()> {
        let held = lake_contents(&self.app.engine.lake().org(&manifest.org)).await?;
        for (object, noted) in self.model.objects() {
            let alive = noted.records.iter().filter(|(_, record)| record.is_alive);
            let expected: BTreeMap<_, _> =
                alive.map(|(id, record)| (id.clone(), record.values.clone())).collect();
            let found = held.0.get(object).cloned().unwrap_or_default();
            same(&format!("the state of {object}"), &found, &expected)?;
        }
        Ok(())
    }

    async fn compare_changes(&self, run: usize) -> Result<()> {
        let name = self.runs[run].as_str();
        let counted = self.app.engine.changes(name, None, None).await?;
        for (object, noted) in self.model.objects() {
            let told = |(id, record): (&String, &Record)| {
                let version = record.version_of(run)?;
                Some((id.clone(), (version.told?, version.fields.clone())))
            };
            let expected: BTreeMap<_, _> = noted.records.iter().filter_map(told).collect();
            let object_name = ObjectName::parse(object)?;
            let records = self.app.engine.changed_records(name, &object_name, None, usize::MAX).await?;
            let all = records.len() as u64;
            let found: BTreeMap<_, _> = records
                .into_iter()
                .filter(|record| !self.is_refill(object, run, record.change, &record.fields))
                .map(|record| (record.id.to_string(), (record.change, record.fields)))
                .collect();
            same(&format!("what changed of {object} by run {run}"), &found, &expected)?;
            let counts = counted.iter().find(|counts| counts.object == object_name);
            let counts = counts.map_or(0, |of| of.new + of.changed + of.deleted + of.undeleted);
            ensure!(counts == all, "{counts} changes of {object} are counted by run {run}, {all} listed");
        }
        Ok(())
    }

    /// A record that was read while a field was hidden is stored once more when the field is shown,
    /// because what is stored of it lacks the field, even if the field says what it said before.
    fn is_refill(&self, object: &str, run: usize, change: Change, fields: &[FieldChange]) -> bool {
        change == Change::Changed && fields.is_empty() && self.refilled.contains(&(object.to_owned(), run))
    }

    /// Of the records that the look changed, or of all.
    pub(super) async fn compare_histories(&self, run: Option<usize>) -> Result<()> {
        for (object, noted) in self.model.objects() {
            for (id, record) in &noted.records {
                if run.is_none_or(|run| record.version_of(run).is_some()) {
                    self.compare_history(object, id, record).await?;
                }
            }
        }
        Ok(())
    }

    async fn compare_history(&self, object: &str, id: &str, record: &Record) -> Result<()> {
        let name = ObjectName::parse(object)?;
        let history = self.app.engine.history("acme", &name, &RecordId::parse(id)?, None).await?;
        let mut found = Vec::new();
        let mut is_deleted = false;
        for version in history {
            let run = self.runs.iter().position(|run| *run == version.run).context("a run that was")?;
            let was_deleted = std::mem::replace(&mut is_deleted, version.change == Change::Deleted);
            let again = is_deleted && was_deleted && version.fields.is_empty();
            let change = if again { Change::Changed } else { version.change };
            if !self.is_refill(object, run, change, &version.fields) {
                found.push((run, version.change, version.fields));
            }
        }
        let expected: Vec<_> = record
            .versions
            .iter()
            .map(|version| (version.run, version.change, version.fields.clone()))
            .collect();
        ensure!(found == expected, "the history of {id} is\n  {found:?}\nand should be\n  {expected:?}");
        Ok(())
    }
}

fn compare_manifest(manifest: &Manifest, is_visible: impl Fn(&str) -> bool) -> Result<()> {
    for (object, entry) in &manifest.objects {
        if is_visible(object.as_str()) {
            ensure!(entry.gap.is_none(), "{object} has a gap: {:?}", entry.gap);
            ensure!(entry.is_verified == Some(true), "{object} is not verified");
        } else {
            let gap = entry.gap.as_ref().map(|gap| gap.code);
            ensure!(gap == Some(ErrorCode::PermissionMissing), "{object} is hidden, its gap: {gap:?}");
        }
    }
    Ok(())
}

fn same<V: PartialEq + std::fmt::Debug>(
    what: &str,
    found: &BTreeMap<String, V>,
    expected: &BTreeMap<String, V>,
) -> Result<()> {
    let ids: BTreeSet<_> = found.keys().chain(expected.keys()).collect();
    for id in ids {
        let (found, expected) = (found.get(id), expected.get(id));
        ensure!(found == expected, "{what}, {id}:\n  {found:?}\nand should be\n  {expected:?}");
    }
    Ok(())
}
