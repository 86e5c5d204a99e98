//! The plain model: what somebody who looked at the org at the time of each Run would have noted down.
//!
//! It knows nothing of stamps, windows, describes and tables. Between two looks it cannot see, so a
//! record that changed twice changed once, and what it cannot see at all stays as it was seen last.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_domain::change::Change;
use holdfast_engine::history::FieldChange;
use holdfast_testkit::{VisibleObject, VisibleRecord};

type Values = BTreeMap<String, String>;

#[derive(Debug, Default)]
pub(super) struct Model {
    objects: BTreeMap<String, Noted>,
}

#[derive(Debug, Default)]
pub(super) struct Noted {
    pub(super) records: BTreeMap<String, Record>,
    fields: BTreeSet<String>,
    /// Whether other fields were there at the last look than at the one before.
    pub(super) has_other_fields: bool,
}

#[derive(Debug, Default)]
pub(super) struct Record {
    pub(super) is_alive: bool,
    pub(super) values: Values,
    pub(super) versions: Vec<Version>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Version {
    /// The number of the look.
    pub(super) run: usize,
    pub(super) change: Change,
    pub(super) fields: Vec<FieldChange>,
    /// What somebody is told who asks what changed since the look before: nothing of a record that was
    /// there neither before nor now, whatever becomes of what is left of it in the recycle bin.
    pub(super) told: Option<Change>,
}

impl Model {
    /// Objects that were ever seen.
    pub(super) fn objects(&self) -> impl Iterator<Item = (&String, &Noted)> {
        self.objects.iter()
    }

    /// Notes down what is to be seen now.
    pub(super) fn look(&mut self, run: usize, org: &BTreeMap<String, VisibleObject>) {
        for noted in self.objects.values_mut() {
            noted.has_other_fields = false;
        }
        for (name, object) in org {
            let is_known = self.objects.contains_key(name);
            let noted = self.objects.entry(name.clone()).or_default();
            noted.has_other_fields = is_known && noted.fields != object.fields;
            noted.fields.clone_from(&object.fields);
            for (id, record) in &object.records {
                noted.records.entry(id.clone()).or_default().see(run, &object.fields, record);
            }
            let gone = noted.records.iter_mut().filter(|(id, _)| !object.records.contains_key(*id));
            gone.for_each(|(_, record)| record.miss(run));
        }
    }
}

impl Record {
    fn see(&mut self, run: usize, fields: &BTreeSet<String>, seen: &VisibleRecord) {
        let mut values = self.values.clone();
        values.retain(|field, _| !fields.contains(field));
        values.extend(seen.values.clone());
        let is_new = self.versions.is_empty();
        let differs = values != self.values;
        let change = match (self.is_alive, !seen.is_deleted) {
            (false, true) if is_new => Some(Change::New),
            (false, true) => Some(Change::Undeleted),
            (true, false) => Some(Change::Deleted),
            (true, true) => differs.then_some(Change::Changed),
            (false, false) => (is_new || differs).then_some(Change::Deleted),
        };
        if let Some(change) = change {
            let is_told = self.is_alive || !seen.is_deleted;
            let told = is_told.then_some(change);
            let fields = differences(&self.values, &values);
            self.versions.push(Version { run, change, fields, told });
        }
        self.is_alive = !seen.is_deleted;
        self.values = values;
    }

    /// Nothing is left of it, not even in the recycle bin.
    fn miss(&mut self, run: usize) {
        if self.is_alive {
            let (change, told) = (Change::Deleted, Some(Change::Deleted));
            self.versions.push(Version { run, change, fields: Vec::new(), told });
        }
        self.is_alive = false;
    }

    /// What the look with this number brought, if anything.
    pub(super) fn version_of(&self, run: usize) -> Option<&Version> {
        self.versions.last().filter(|version| version.run == run)
    }
}

fn differences(before: &Values, now: &Values) -> Vec<FieldChange> {
    let fields: BTreeSet<_> = before.keys().chain(now.keys()).collect();
    let differing = fields.into_iter().filter(|field| before.get(*field) != now.get(*field));
    differing
        .map(|field| FieldChange {
            field: field.clone(),
            old: before.get(field).cloned(),
            new: now.get(field).cloned(),
        })
        .collect()
}
