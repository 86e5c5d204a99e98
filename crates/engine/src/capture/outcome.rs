//! What became of each Object in a Run: told at once, kept in the catalog, and gathered for the Manifest.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_catalog::objects::{self, Captured, Phase};
use holdfast_catalog::{Failure, errors};
use holdfast_domain::capture::window::OrgSecond;
use holdfast_domain::manifest::{
    FileCounts, Gap, MANIFEST_FORMAT, Manifest, ObjectEntry, RunStatus, Trigger,
};
use holdfast_domain::retry::BackOff;
use holdfast_domain::{ErrorCode, ObjectName, RunId};

use super::context::RunContext;
use super::lost;
use super::object_run::ObjectRun;
use crate::coverage::permissions::Held;
use crate::error::{Doing, Error, Result};
use crate::events::Event;

pub(crate) struct Outcomes {
    entries: BTreeMap<ObjectName, ObjectEntry>,
    done: Vec<ObjectRun>,
    pub(crate) files: FileCounts,
    describes_hold: bool,
    /// Objects that had an error before this Run, and have none now.
    recovered: BTreeSet<ObjectName>,
}

impl Outcomes {
    /// Starts with the Objects that are not captured.
    pub(crate) fn new(entries: BTreeMap<ObjectName, ObjectEntry>) -> Self {
        Self {
            entries,
            done: Vec::new(),
            files: FileCounts::default(),
            describes_hold: true,
            recovered: BTreeSet::new(),
        }
    }

    pub(crate) fn done(&self) -> &[ObjectRun] {
        &self.done
    }

    /// False if the org refused a field or an Object that its describe had named.
    pub(crate) fn describes_hold(&self) -> bool {
        self.describes_hold
    }

    /// The Objects that were captured, and whether something was new.
    pub(crate) fn looked(&self) -> Vec<(ObjectName, bool)> {
        self.done.iter().map(|run| (run.object.clone(), run.counts.versions() > 0)).collect()
    }

    /// The Objects of which this Run tells that records are missed, and may only be hidden.
    pub(crate) fn unexplained(&self) -> Vec<ObjectName> {
        let is_told = |run: &&ObjectRun| {
            run.held.unexplained() > 0 && run.gap.as_ref().is_some_and(|gap| !gap.is_expected)
        };
        self.done.iter().filter(is_told).map(|run| run.object.clone()).collect()
    }

    /// True if and only if this Run stored nothing and has nothing to report.
    pub(crate) fn is_empty(&self) -> bool {
        let says_nothing = |entry: &ObjectEntry| {
            entry.counts.versions() == 0
                && entry.gone_fields.is_empty()
                && entry.gap.as_ref().is_none_or(|gap| gap.is_expected)
        };
        let has_files = self.files.stored > 0 || self.files.failed > 0;
        self.entries.values().all(says_nothing) && !has_files && self.recovered.is_empty()
    }

    pub(crate) async fn object_done(&mut self, ctx: &RunContext, run: ObjectRun) -> Result<()> {
        if let Some(gap) = run.gap.clone() {
            self.note_gap(ctx, &run.object, gap, entry(&run)).await?;
            self.done.push(run);
            return Ok(());
        }
        let db = ctx.engine.catalog().db();
        let captured = Captured {
            at: ctx.now(),
            watermark_us: run.held.watermark().map(OrgSecond::as_us),
            kept: run.held.kept(),
            remaining_records: Some(0),
        };
        let noted = objects::record_success(db, &ctx.org, &run.object, captured).await;
        noted.doing(|| format!("note the progress of `{}`", run.object))?;
        let noted = objects::set_phase(db, &ctx.org, &run.object, Phase::CapturingChanges, None).await;
        noted.doing(|| format!("note the phase of `{}`", run.object))?;
        if let Some(is_equal) = run.is_verified {
            let at = is_equal.then(|| ctx.now());
            let noted = objects::set_verified(db, &ctx.org, &run.object, at).await;
            noted.doing(|| format!("note whether `{}` is verified", run.object))?;
        }
        let resolved = errors::resolve(db, &ctx.org, Some(&run.object), ctx.now()).await;
        if resolved.doing(|| format!("close the errors of `{}`", run.object))? > 0 {
            self.recovered.insert(run.object.clone());
        }
        ctx.events.send(Event::ObjectDone { object: run.object.clone(), counts: run.counts });
        self.entries.insert(run.object.clone(), entry(&run));
        self.done.push(run);
        Ok(())
    }

    pub(crate) async fn object_failed(
        &mut self,
        ctx: &RunContext,
        run: &ObjectRun,
        error: &Error,
    ) -> Result<()> {
        self.failed(ctx, &run.object, error, entry(run)).await
    }

    pub(crate) async fn failed(
        &mut self,
        ctx: &RunContext,
        object: &ObjectName,
        error: &Error,
        entry: ObjectEntry,
    ) -> Result<()> {
        self.describes_hold &= !error.is_schema_change();
        let gap = lost::gap_of(ctx, object, error).await?;
        self.note_gap(ctx, object, gap, entry).await
    }

    async fn note_gap(
        &mut self,
        ctx: &RunContext,
        object: &ObjectName,
        gap: Gap,
        entry: ObjectEntry,
    ) -> Result<()> {
        let db = ctx.engine.catalog().db();
        let now = ctx.now();
        let failure = Failure { code: gap.code, message: gap.message.clone() };
        let known = objects::get(db, &ctx.org, object).await;
        let known = known.doing(|| format!("read what is known of `{object}`"))?;
        let trouble = known.and_then(|state| state.trouble);
        if gap.is_expected && trouble.as_ref().is_some_and(|trouble| trouble.failure == failure) {
            self.entries.insert(object.clone(), ObjectEntry { gap: Some(gap), ..entry });
            return Ok(());
        }
        let attempts = trouble.map_or(0, |trouble| trouble.attempts);
        let attempt = u32::try_from(attempts).unwrap_or(u32::MAX).saturating_add(1);
        let is_tried_again = gap != lost::gap();
        let next = now + BackOff::default().pause(attempt, rand::random());
        lost::note_failure(ctx, object, &gap, is_tried_again.then_some(next)).await?;
        self.entries.insert(object.clone(), ObjectEntry { gap: Some(gap), ..entry });
        Ok(())
    }

    pub(crate) fn into_manifest(
        mut self,
        ctx: &RunContext,
        previous: Option<RunId>,
        names_every_object: bool,
    ) -> Manifest {
        if ctx.trigger == Trigger::Auto {
            let recovered = std::mem::take(&mut self.recovered);
            self.entries.retain(|object, entry| {
                entry.counts.versions() > 0
                    || recovered.contains(object)
                    || !entry.gone_fields.is_empty()
                    || entry.gap.as_ref().is_some_and(|gap| !gap.is_expected)
            });
        }
        let has_gaps =
            self.entries.values().any(|entry| entry.gap.as_ref().is_some_and(|gap| !gap.is_expected));
        let is_whole = !has_gaps && self.files.failed == 0;
        Manifest {
            format: MANIFEST_FORMAT,
            run: ctx.run.clone(),
            org: ctx.org.clone(),
            previous,
            trigger: ctx.trigger,
            status: if is_whole { RunStatus::Completed } else { RunStatus::CompletedWithGaps },
            started_at: ctx.started_at,
            finished_at: ctx.now(),
            api_calls: ctx.calls(),
            names_every_object,
            missing_permissions: ctx.permissions.get().map(Held::missing_to_capture),
            objects: self.entries,
            files: self.files,
        }
    }
}

fn entry(run: &ObjectRun) -> ObjectEntry {
    ObjectEntry {
        table_version: run.held.version,
        schema: Some(run.described.hash.clone()),
        live_records: run.held.live,
        counts: run.counts,
        is_verified: run.is_verified,
        computed_as_of: run.computed_as_of,
        gone_fields: run.gone_fields.clone(),
        gap: run.gap.clone().or_else(|| (run.is_verified == Some(false)).then(counts_differ)),
    }
}

fn counts_differ() -> Gap {
    Gap {
        code: ErrorCode::CountsDiffer,
        message: "the org counts other records than the lake holds, also after comparing all ids".to_owned(),
        is_expected: false,
    }
}
