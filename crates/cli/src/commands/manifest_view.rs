//! A Manifest as a person and as a program read it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use holdfast_domain::manifest::{Counts, FileCounts, Gap, Manifest, ObjectEntry, RunStatus, Trigger};
use holdfast_domain::{ErrorCode, ObjectName};
use holdfast_engine::completeness::Completeness;
use serde::Serialize;

use crate::output::Style;
use crate::render::{Column, Rows, bytes, cell_text, duration, number, rfc3339, words};

/// More rows than this are folded to those with most changes.
const MOST_ROWS: usize = 40;
const SHOWN_OF_MANY: usize = 30;

/// A finished Run as JSON holds it.
#[derive(Debug, Serialize)]
pub(super) struct ManifestView {
    run: String,
    org: String,
    org_id: String,
    trigger: Trigger,
    status: RunStatus,
    started_at: String,
    finished_at: String,
    duration_ms: i64,
    totals: TotalsView,
    files: FileCounts,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    missing_permissions: Vec<String>,
    objects: BTreeMap<String, ObjectEntry>,
    /// Of the org as it is now, whichever Run is shown: a person is told of it, the JSON is the Run's alone.
    #[serde(skip)]
    completeness_now: Option<Completeness>,
    /// Also the Objects in which nothing changed are shown to a person.
    #[serde(skip)]
    shows_all: bool,
    /// The Objects that a person asked for by name: of these every gap counts.
    #[serde(skip)]
    asked_for: Vec<ObjectName>,
}

#[derive(Debug, Serialize)]
struct TotalsView {
    objects: usize,
    /// Objects that were not captured, or not whole, though they should have been.
    gaps: usize,
    live_records: u64,
    #[serde(flatten)]
    counts: Counts,
    api_calls: u64,
}

impl ManifestView {
    pub(super) fn new(org: &str, manifest: &Manifest) -> Self {
        let is_captured = |entry: &&ObjectEntry| entry.gap.as_ref().is_none_or(|gap| !gap.is_expected);
        let is_gap = |entry: &&ObjectEntry| entry.gap.as_ref().is_some_and(|gap| !gap.is_expected);
        let objects = &manifest.objects;
        Self {
            run: manifest.run.to_string(),
            org: org.to_owned(),
            org_id: manifest.org.to_string(),
            trigger: manifest.trigger,
            status: manifest.status,
            started_at: rfc3339(manifest.started_at),
            finished_at: rfc3339(manifest.finished_at),
            duration_ms: (manifest.finished_at - manifest.started_at).num_milliseconds(),
            totals: TotalsView {
                objects: objects.values().filter(is_captured).count(),
                gaps: objects.values().filter(is_gap).count(),
                live_records: objects.values().map(|entry| entry.live_records).sum(),
                counts: manifest.totals(),
                api_calls: manifest.api_calls,
            },
            files: manifest.files,
            missing_permissions: manifest.missing_permissions.clone().unwrap_or_default(),
            objects: objects.iter().map(|(name, entry)| (name.to_string(), entry.clone())).collect(),
            completeness_now: None,
            shows_all: false,
            asked_for: Vec::new(),
        }
    }

    pub(super) fn beside(mut self, completeness: Option<Completeness>) -> Self {
        self.completeness_now = completeness;
        self
    }

    pub(super) fn showing_all(mut self, shows_all: bool) -> Self {
        self.shows_all = shows_all;
        self
    }

    pub(super) fn asked_for(mut self, objects: &[ObjectName]) -> Self {
        self.asked_for = objects.to_vec();
        self
    }

    /// True if and only if an Object that was asked for by name cannot be captured.
    pub(super) fn misses_asked(&self) -> bool {
        self.gaps().any(|(object, _)| self.is_asked(object))
    }

    fn is_asked(&self, object: &str) -> bool {
        self.asked_for.iter().any(|asked| asked.as_str().eq_ignore_ascii_case(object))
    }

    /// The table of Objects, the Objects that are missing, and the sum of all in sentences.
    pub(super) fn text(&self, style: Style) -> String {
        let mut text = self.table(style);
        self.tell_gaps(&mut text);
        self.tell_gone_fields(&mut text);
        self.tell_permissions(&mut text);
        self.tell_sum(&mut text);
        if let Some(Completeness { words, .. }) = &self.completeness_now {
            let _ = writeln!(text, "as of now, {words}");
        }
        text
    }

    fn table(&self, style: Style) -> String {
        use Column::{Number, Text};
        let mut rows = Rows::new(&[
            Text("object"),
            Number("records"),
            Number("new"),
            Number("changed"),
            Number("deleted"),
            Number("written"),
        ]);
        let shown = self.shown();
        if shown.is_empty() {
            return "nothing changed\n".to_owned();
        }
        let mut others = (0, 0, Counts::default());
        for (object, entry) in &self.objects {
            if shown.contains(object.as_str()) {
                rows.push(line(object, entry.live_records, &entry.counts));
            } else if entry.counts.versions() > 0 {
                others.0 += 1;
                others.1 += entry.live_records;
                others.2 += entry.counts;
            }
        }
        if others.0 > 0 {
            rows.push(line(&format!("{} others", others.0), others.1, &others.2));
        }
        rows.push(line("all objects", self.totals.live_records, &self.totals.counts));
        style.table(rows)
    }

    /// The Objects with most changes, or all of them.
    fn shown(&self) -> BTreeSet<&str> {
        let mut changed: Vec<_> = self.objects.iter().collect();
        if !self.shows_all {
            changed.retain(|(_, entry)| entry.counts.versions() > 0);
        }
        if changed.len() > MOST_ROWS && !self.shows_all {
            changed.sort_by_key(|(_, entry)| std::cmp::Reverse(entry.counts.versions()));
            changed.truncate(SHOWN_OF_MANY);
        }
        changed.into_iter().map(|(object, _)| object.as_str()).collect()
    }

    fn tell_gaps(&self, text: &mut String) {
        // A gap that is no news is a gap all the same.
        let is_by_nature = |gap: &Gap| gap.code == ErrorCode::ObjectNotCapturable && gap.is_expected;
        let (expected, missing): (Vec<_>, Vec<_>) =
            self.gaps().partition(|(object, gap)| is_by_nature(gap) && !self.is_asked(object));
        if !missing.is_empty() {
            let _ = writeln!(text, "\nnot captured, or not whole:");
            for (object, gap) in missing {
                tell_gap(text, object, gap);
            }
        }
        if !expected.is_empty() && self.shows_all {
            let _ = writeln!(text, "\nSalesforce does not let anybody read these by queries:");
            for (object, gap) in expected {
                let _ = writeln!(text, "  {object}: {}", cell_text(&gap.message, 300));
            }
        } else if !expected.is_empty() {
            let objects = count(expected.len(), "object");
            let _ = writeln!(
                text,
                "\n{objects} cannot be read by queries; `holdfast run show latest --all` names them"
            );
        }
    }

    fn tell_gone_fields(&self, text: &mut String) {
        let gone: Vec<_> = self.objects.iter().filter(|(_, entry)| !entry.gone_fields.is_empty()).collect();
        if !gone.is_empty() {
            let _ = writeln!(text, "\nfields that are no longer visible; what was captured of them stays:");
        }
        for (object, entry) in gone {
            let _ = writeln!(text, "  {object}: {}", entry.gone_fields.join(", "));
        }
    }

    fn tell_permissions(&self, text: &mut String) {
        if !self.missing_permissions.is_empty() {
            let missing: Vec<_> = self.missing_permissions.iter().map(|label| format!("`{label}`")).collect();
            let _ = writeln!(
                text,
                "\nthe integration user lacks {}: `holdfast org coverage {}` says what is missed",
                missing.join(", "),
                self.org
            );
        }
    }

    fn gaps(&self) -> impl Iterator<Item = (&String, &Gap)> {
        self.objects.iter().filter_map(|(object, entry)| Some((object, entry.gap.as_ref()?)))
    }

    fn tell_sum(&self, text: &mut String) {
        let TotalsView { objects, gaps, counts, api_calls, .. } = &self.totals;
        let time = duration(chrono::TimeDelta::milliseconds(self.duration_ms));
        let status = words(self.status.as_str());
        let _ = writeln!(text, "\nrun {} of `{}` {status} in {time}", self.run, self.org);
        let _ = writeln!(
            text,
            "{}, {} stored, {}, {} written, {}",
            count(*objects, "object"),
            counted(counts.versions(), "record version"),
            files(&self.files),
            bytes(counts.bytes + self.files.bytes),
            counted(*api_calls, "API call"),
        );
        if *gaps > 0 {
            let _ = writeln!(text, "{} not whole: the next run tries again", count(*gaps, "object"));
        }
        if self.files.failed > 0 {
            let failed = counted(self.files.failed, "file");
            let _ = writeln!(
                text,
                "{failed} not fetched: `holdfast run errors latest` says why. The next run tries those again that are \
                 new, and `--refetch-files` those that are lost"
            );
        }
    }
}

fn line(object: &str, live: u64, counts: &Counts) -> [String; 6] {
    [
        object.to_owned(),
        number(live),
        number(counts.new),
        number(counts.changed + counts.undeleted),
        number(counts.deleted),
        bytes(counts.bytes),
    ]
}

pub(super) fn tell_gap(text: &mut String, object: &str, gap: &Gap) {
    let _ = writeln!(text, "  {object}: {}", cell_text(&gap.message, 300));
    let _ = writeln!(text, "    hint: {}", gap.code.hint());
}

fn files(files: &FileCounts) -> String {
    let mut text = counted(files.stored, "file");
    if files.pending > 0 {
        let _ = write!(text, " ({} to come)", number(files.pending));
    }
    if files.failed > 0 {
        let _ = write!(text, " ({} failed)", number(files.failed));
    }
    text
}

/// `1 object`, `2 objects`.
pub(super) fn counted(value: u64, noun: &str) -> String {
    let plural = if value == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", number(value))
}

fn count(value: usize, noun: &str) -> String {
    counted(value as u64, noun)
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_domain::{OrgId, RunId};

    fn manifest() -> Manifest {
        let entry = |live_records, new| ObjectEntry {
            live_records,
            counts: Counts { new, changed: 3, bytes: 2048, ..Counts::default() },
            ..ObjectEntry::default()
        };
        let gap = |is_expected, code, message: &str| ObjectEntry {
            gap: Some(Gap { code, message: message.to_owned(), is_expected }),
            ..ObjectEntry::default()
        };
        let objects = [
            ("Account", entry(12_345, 12_345)),
            ("Contact", entry(7, 4)),
            ("Asset", ObjectEntry::default()),
            ("Case", gap(false, ErrorCode::PermissionMissing, "INSUFFICIENT_ACCESS: no")),
            ("Vote", gap(true, ErrorCode::ObjectNotCapturable, "not queryable")),
        ];
        Manifest {
            format: 1,
            run: RunId::parse("01900000-0000-7000-8000-0000000000aa").unwrap(),
            org: OrgId::parse("00Dxx0000001gPLEAY").unwrap(),
            previous: None,
            trigger: Trigger::Backup,
            status: RunStatus::CompletedWithGaps,
            started_at: "2026-01-01T00:00:00Z".parse().unwrap(),
            finished_at: "2026-01-01T00:01:23Z".parse().unwrap(),
            api_calls: 9,
            names_every_object: true,
            missing_permissions: Some(vec!["Query All Files".to_owned()]),
            objects: objects
                .into_iter()
                .map(|(name, entry)| (ObjectName::parse(name).unwrap(), entry))
                .collect(),
            files: FileCounts { stored: 12, bytes: 1 << 20, pending: 1, failed: 0 },
        }
    }

    /// G-02, S-52, X-01: what could not be captured is named with its reason.
    #[test]
    fn a_run_reads_as_a_table_its_gaps_and_its_sum() {
        insta::assert_snapshot!(ManifestView::new("acme", &manifest()).text(Style::NARROW), @r"
        object       records     new  changed  deleted  written
        Account       12,345  12,345        3        0  2.0 KiB
        Contact            7       4        3        0  2.0 KiB
        all objects   12,352  12,349        6        0  4.0 KiB

        not captured, or not whole:
          Case: INSUFFICIENT_ACCESS: no
            hint: grant the integration user what the message names; the next run goes on where this one stopped

        1 object cannot be read by queries; `holdfast run show latest --all` names them

        the integration user lacks `Query All Files`: `holdfast org coverage acme` says what is missed

        run 01900000-0000-7000-8000-0000000000aa of `acme` completed with gaps in 1 min 23 s
        4 objects, 12,355 record versions stored, 12 files (1 to come), 1.0 MiB written, 9 API calls
        1 object not whole: the next run tries again
        ");
    }

    #[test]
    fn an_object_that_was_asked_for_is_missed_aloud() {
        let asked = |name: &str| {
            ManifestView::new("acme", &manifest()).asked_for(&[ObjectName::parse(name).unwrap()])
        };
        let vote = asked("vote");
        assert!(vote.misses_asked() && vote.text(Style::NARROW).contains("  Vote: not queryable\n"));
        let account = asked("Account");
        assert!(!account.misses_asked() && !account.text(Style::NARROW).contains("Vote"));
    }

    #[test]
    fn many_objects_are_folded_and_none_is_lost_from_the_sum() {
        let mut manifest = manifest();
        let entry = ObjectEntry { counts: Counts { new: 1, ..Counts::default() }, ..ObjectEntry::default() };
        for i in 0..60 {
            manifest.objects.insert(ObjectName::parse(&format!("Thing{i}__c")).unwrap(), entry.clone());
        }
        let view = ManifestView::new("acme", &manifest);
        assert_eq!(view.table(Style::NARROW).lines().count(), 1 + SHOWN_OF_MANY + 2);
        assert!(view.table(Style::NARROW).contains("32 others"));
        assert!(view.showing_all(true).table(Style::NARROW).lines().count() > 62);
    }

    #[test]
    fn a_run_in_which_nothing_changed_says_so() {
        let mut manifest = manifest();
        manifest.objects.clear();
        assert!(ManifestView::new("acme", &manifest).text(Style::NARROW).starts_with("nothing changed\n"));
    }

    /// S-09, S-52
    #[test]
    fn the_json_of_a_run_has_totals_and_every_object() {
        let json = serde_json::to_value(ManifestView::new("acme", &manifest())).unwrap();
        assert_eq!(json["totals"]["new"], 12_349);
        assert_eq!(json["totals"]["objects"], 4);
        assert_eq!(json["totals"]["gaps"], 1);
        assert_eq!(json["objects"]["Case"]["gap"]["code"], "permission_missing");
        assert_eq!(json["duration_ms"], 83_000);
        assert_eq!(json["status"], "completed_with_gaps");
    }
}
