//! Writing: one request is one transaction, stamped with whole seconds of the org's clock when rows are saved.
//!
//! A transaction works on a copy of the snapshot. Nothing of it is seen before `commit`, and nothing remains when it is
//! dropped. Deletes go through `cascade.rs`, roll-ups through `rollups.rs`.

mod archive;
mod automations;
mod cascade;
mod convert;
mod defaults;
mod derived;
mod draft;
mod effects;
mod files;
mod guard;
mod lookups;
mod merge;
mod numbering;
mod person;
pub(crate) mod platform_rules;
mod profile;
mod rollups;
mod side_effects;

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use serde_json::{Map, Value as Json};

use crate::errors::ApiError;
use crate::model::{ObjectDef, Value, ids};

use super::automation::Event;
use super::blobs::Body;
use super::joint;
use super::org::{ClearedLookup, DeletedRecord, Ledger, Org};
use super::row::Row;
use super::table::{Found, Previous, StoredRow};
use super::users::User;
use super::validation;
use super::view::{Snapshot, View};

use draft::Draft;
use effects::Counted;

pub use convert::{Conversion, Converted};
pub(super) use effects::Effects;
pub use guard::WriteOptions;
pub use merge::Merged;

/// One write as it can be kept and repeated.
#[derive(Debug, Clone)]
pub enum Operation {
    Insert {
        object: String,
        record: Map<String, Json>,
    },
    /// With contents of base64 fields beside the record.
    InsertWith {
        object: String,
        record: Map<String, Json>,
        bodies: Vec<(String, Body)>,
    },
    Update {
        object: String,
        id: String,
        record: Map<String, Json>,
    },
    Delete {
        id: String,
    },
    Undelete {
        id: String,
    },
    Purge {
        id: String,
    },
    /// From the recycle bin only.
    EmptyBin {
        id: String,
    },
    Merge {
        master: String,
        fields: Map<String, Json>,
        losers: Vec<String>,
    },
    Convert(Conversion),
    Archive {
        id: String,
    },
}

/// A transaction under way.
pub struct Transaction<'a> {
    org: &'a Org,
    user: Arc<User>,
    work: Arc<Snapshot>,
    ledger: &'a mut Ledger,
    stamp_ms: i64,
    /// Whose locks do not stop this transaction.
    own_locks: Option<u64>,
    operation: u64,
    deletes: Vec<DeletedRecord>,
    undeletes: BTreeSet<String>,
    purged: Vec<String>,
    bodies: Vec<(String, String, Body)>,
    /// Counters to give to the rows made next, when a held-open transaction is repeated.
    forced: VecDeque<(String, u64)>,
    /// Counters given, in order.
    given: Vec<(String, u64)>,
    touched: BTreeSet<String>,
    /// What lay at every counter before it was written, by object, oldest first.
    journal: Vec<(String, Previous)>,
    options: WriteOptions,
    /// Whether the first object written was set-up, and its name.
    first_kind: Option<(bool, String)>,
    /// How many automations lie around this write.
    depth: u32,
    cleared: Vec<(String, ClearedLookup)>,
    counted: Counted,
}

/// How far a transaction had come, to go back to.
struct Mark {
    journal: usize,
    deletes: usize,
    undeletes: BTreeSet<String>,
    purged: usize,
    bodies: usize,
    cleared: usize,
    counted: Counted,
    first_kind: Option<(bool, String)>,
}

impl<'a> Transaction<'a> {
    pub(crate) fn begin(
        org: &'a Org,
        user: Arc<User>,
        ledger: &'a mut Ledger,
        stamp_ms: i64,
    ) -> Transaction<'a> {
        ledger.next_operation += 1;
        let operation = ledger.next_operation;
        Transaction {
            org,
            user,
            work: Arc::new((*org.snapshot()).clone()),
            ledger,
            stamp_ms,
            own_locks: None,
            operation,
            deletes: Vec::new(),
            undeletes: BTreeSet::new(),
            purged: Vec::new(),
            bodies: Vec::new(),
            forced: VecDeque::new(),
            given: Vec::new(),
            touched: BTreeSet::new(),
            journal: Vec::new(),
            options: WriteOptions::default(),
            first_kind: None,
            depth: 0,
            cleared: Vec::new(),
            counted: Counted::default(),
        }
    }

    pub(crate) fn repeating(mut self, own_locks: u64, forced: VecDeque<(String, u64)>) -> Transaction<'a> {
        self.own_locks = Some(own_locks);
        self.forced = forced;
        self
    }

    pub(crate) fn set_stamp_ms(&mut self, stamp_ms: i64) {
        self.stamp_ms = stamp_ms;
    }

    /// The counters given and the rows touched so far.
    pub(crate) fn into_traces(self) -> (Vec<(String, u64)>, BTreeSet<String>) {
        (self.given, self.touched)
    }

    /// Makes everything visible at once: to all, or within the joint transaction that this one is a part of.
    pub(crate) fn commit(self) {
        let effects = Effects {
            written: self.touched,
            purged: self.purged,
            bodies: self.bodies,
            deletes: self.deletes,
            undeletes: self.undeletes,
            cleared: self.cleared,
            counted: self.counted,
            stamp_ms: self.stamp_ms,
        };
        if let Some(effects) = joint::join(self.org, &self.work, effects) {
            effects.apply(self.org, self.ledger, self.work);
        }
    }

    /// Does all of `work` or nothing of it, and goes on with the transaction either way.
    ///
    /// Counters and autonumbers that the failed work took are not given again, as on the platform.
    pub fn attempt<R, E>(&mut self, work: impl FnOnce(&mut Self) -> Result<R, E>) -> Result<R, E> {
        let mark = Mark {
            journal: self.journal.len(),
            deletes: self.deletes.len(),
            undeletes: self.undeletes.clone(),
            purged: self.purged.len(),
            bodies: self.bodies.len(),
            cleared: self.cleared.len(),
            counted: self.counted,
            first_kind: self.first_kind.clone(),
        };
        let outcome = work(self);
        if outcome.is_err() {
            self.go_back_to(mark);
        }
        outcome
    }

    fn go_back_to(&mut self, mark: Mark) {
        for (object, previous) in self.journal.drain(mark.journal..).rev() {
            let table = Arc::make_mut(&mut self.work).table_mut(&object);
            table.expect("no transaction removes an object").put_back(previous);
        }
        self.deletes.truncate(mark.deletes);
        self.undeletes = mark.undeletes;
        self.purged.truncate(mark.purged);
        self.bodies.truncate(mark.bodies);
        self.cleared.truncate(mark.cleared);
        self.counted = mark.counted;
        self.first_kind = mark.first_kind;
    }

    /// The transaction's own state as its user sees it.
    pub fn view(&self) -> View {
        View::new(self.work.clone(), self.user.clone())
    }

    pub fn run(&mut self, operation: &Operation) -> Result<Option<String>, ApiError> {
        match operation {
            Operation::Insert { object, record } => self.insert(object, record).map(Some),
            Operation::InsertWith { object, record, bodies } => {
                self.insert_with(object, record, bodies.clone()).map(Some)
            }
            Operation::Update { object, id, record } => self.update(object, id, record).map(|()| None),
            Operation::Delete { id } => self.delete(id).map(|()| None),
            Operation::Undelete { id } => self.undelete(id).map(|()| None),
            Operation::Purge { id } => self.purge(id).map(|()| None),
            Operation::EmptyBin { id } => self.empty_bin(id).map(|()| None),
            Operation::Merge { master, fields, losers } => {
                self.merge(master, fields, losers).map(|merged| Some(merged.master))
            }
            Operation::Convert(wanted) => self.convert_lead(wanted).map(|converted| Some(converted.contact)),
            Operation::Archive { id } => self.archive(id).map(|()| None),
        }
    }

    /// Inserts a record given as REST gives it, and answers its id.
    pub fn insert(&mut self, object: &str, record: &Map<String, Json>) -> Result<String, ApiError> {
        self.insert_with(object, record, Vec::new())
    }

    /// The same with contents of base64 fields that are too large to travel as text.
    pub fn insert_with(
        &mut self,
        object: &str,
        record: &Map<String, Json>,
        bodies: Vec<(String, Body)>,
    ) -> Result<String, ApiError> {
        let view = self.view();
        let def = view.object(object).ok_or_else(ApiError::not_found)?;
        self.may_insert(&def)?;
        let record = self.as_person(&def, record, None)?;
        let mut parsed = validation::for_insert(&view, &def, &record, bodies)?;
        parsed.values.extend(self.person_values(&self.full_def(&def), &record));
        self.before_save(&view, &def, None, &mut parsed.values)?;
        validation::unique(&view, &def, &parsed.values, None)?;
        drop(view);
        let values = parsed.values;
        let audit = audit_values(&def, &values);
        let counter = self.insert_values(&def, values, parsed.bodies)?;
        self.keep_audit_values(&def, counter, audit);
        self.check_rules(&def, counter, None)?;
        self.run_after(Event::Insert, &def, counter)?;
        Ok(ids::record_id(&def.id_prefix, counter))
    }

    /// Updates a record given as REST gives it.
    pub fn update(&mut self, object: &str, id: &str, record: &Map<String, Json>) -> Result<(), ApiError> {
        self.update_with(object, id, record, Vec::new())
    }

    /// The same with contents of base64 fields beside the record.
    pub fn update_with(
        &mut self,
        object: &str,
        id: &str,
        record: &Map<String, Json>,
        bodies: Vec<(String, Body)>,
    ) -> Result<(), ApiError> {
        let view = self.view();
        let def = view.object(object).ok_or_else(ApiError::not_found)?;
        let row = Self::live_row(&view, &def, id)?;
        self.may_update(&view, &def, &row)?;
        let record = self.as_person(&def, record, Some(&row))?;
        let mut parsed = validation::for_update(&view, &def, &row, &record, bodies)?;
        self.before_save(&view, &def, Some(&row), &mut parsed.values)?;
        validation::unique(&view, &def, &parsed.values, Some(row.id()))?;
        let (counter, full) = (row.counter(), row.id().to_owned());
        drop((row, view));
        let def = self.full_def(&def);
        let (before, shares) = (self.lies_at(&def, counter), self.shares_of(&def, counter));
        let stored = self.table_row(&def, counter);
        self.put_values(&def, counter, stored, parsed.values);
        for (field, body) in parsed.bodies {
            self.bodies.push((full.clone(), field, body));
        }
        self.after_update(&def, counter)?;
        self.check_rules(&def, counter, before)?;
        let now = self.shares_of(&def, counter);
        self.roll_up(shares, now)?;
        self.run_after(Event::Update, &def, counter)
    }

    /// Refuses what breaks a validation rule. `before` is where the row lay before the save, if it was there.
    fn check_rules(&self, def: &ObjectDef, counter: u64, before: Option<Found>) -> Result<(), ApiError> {
        let row = |found: Found| {
            let table = self.work.table(&def.name).expect("objects are removed by schema changes only");
            Row::new(self.work.clone(), table.clone(), counter, found).read_by(&self.user)
        };
        if def.validation_rules.is_empty() {
            return Ok(());
        }
        let Some(found) = self.lies_at(def, counter) else { return Ok(()) };
        validation::rules(&row(found), before.map(row).as_ref(), &self.user)
    }

    /// What is asked of a record whose fields are right by themselves; automations may change it.
    fn before_save(
        &self,
        view: &View,
        def: &ObjectDef,
        row: Option<&Row>,
        values: &mut Vec<(usize, Value)>,
    ) -> Result<(), ApiError> {
        let full = self.full_def(def);
        let mut draft = Draft { def: &full, row, values };
        let id = row.map_or("", Row::id);
        if self.own_locks.is_none()
            && let Some(refusal) = self.org.rules().refusal(&def.name, &|when| draft.holds(when), id)
        {
            return Err(refusal);
        }
        self.check_parent_locks(def, draft.values)?;
        self.check_references(view, &draft)?;
        self.check_platform_rules(&mut draft)?;
        self.run_before(if row.is_some() { Event::Update } else { Event::Insert }, &mut draft)
    }

    /// Puts back the audit fields that the request gave, where the save has written its own.
    fn keep_audit_values(&mut self, def: &ObjectDef, counter: u64, audit: Vec<(usize, Value)>) {
        if audit.is_empty() {
            return;
        }
        let mut row = self.table_row(def, counter);
        for (slot, value) in audit {
            row.set(slot, &value);
        }
        self.put(def, counter, row);
    }

    /// Inserts values by slot without any check: for rows that the system makes.
    pub(crate) fn insert_values(
        &mut self,
        def: &Arc<ObjectDef>,
        values: Vec<(usize, Value)>,
        bodies: Vec<(String, Body)>,
    ) -> Result<u64, ApiError> {
        let def = self.full_def(def);
        let counter = self.next_counter(&def);
        let id = ids::record_id(&def.id_prefix, counter);
        let given: BTreeSet<usize> = values.iter().map(|(slot, _)| *slot).collect();
        let mut row = StoredRow::of(values);
        self.fill_defaults(&def, &mut row, &given);
        if derived::concerns(&def) {
            self.derive(&def, &mut row, None, &given);
        }
        self.stamp_created(&def, &mut row);
        // A custom object's record without a name is named by its id.
        if let Some(name) = def.name_field().filter(|field| field.custom_name() && !row.is_filled(field.slot))
        {
            row.set(name.slot, &Value::Text(id[..15].to_owned()));
        }
        for (field, body) in bodies {
            if let Some(field) = def.field(&field) {
                row.set(field.slot, &Value::Blob);
                self.bodies.push((id.clone(), field.name.clone(), body));
            }
        }
        self.put(&def, counter, row);
        self.after_insert(&def, counter)?;
        let shares = self.shares_of(&def, counter);
        self.roll_up(Vec::new(), shares)?;
        Ok(counter)
    }

    /// Puts a row with new values, and with what follows from them.
    fn put_values(&mut self, def: &ObjectDef, counter: u64, mut row: StoredRow, values: Vec<(usize, Value)>) {
        let before = row.clone();
        let given: BTreeSet<usize> = values.iter().map(|(slot, _)| *slot).collect();
        for (slot, value) in values {
            row.set(slot, &value);
        }
        if derived::concerns(def) {
            self.derive(def, &mut row, Some(&before), &given);
        }
        self.stamp_modified(def, &mut row);
        self.put(def, counter, row);
        self.follow_references(&self.full_def(def), counter, &before);
    }

    fn stamp_created(&self, def: &ObjectDef, row: &mut StoredRow) {
        for (name, value) in [
            ("CreatedDate", Value::DateTime(self.stamp_ms)),
            ("CreatedById", Value::Id(self.user.id.clone())),
        ] {
            if let Some(field) = def.field(name)
                && !row.is_filled(field.slot)
            {
                row.set(field.slot, &value);
            }
        }
        self.stamp_modified(def, row);
    }

    fn stamp_modified(&self, def: &ObjectDef, row: &mut StoredRow) {
        for (name, value) in [
            ("LastModifiedDate", Value::DateTime(self.stamp_ms)),
            ("LastModifiedById", Value::Id(self.user.id.clone())),
        ] {
            if let Some(field) = def.field(name) {
                row.set(field.slot, &value);
            }
        }
        self.stamp_system(def, row);
    }

    fn stamp_system(&self, def: &ObjectDef, row: &mut StoredRow) {
        if let Some(field) = def.field("SystemModstamp") {
            row.set(field.slot, &Value::DateTime(self.stamp_ms));
        }
    }

    /// The object with all fields, whoever's form of it was given.
    fn full_def(&self, def: &ObjectDef) -> Arc<ObjectDef> {
        self.work.table(&def.name).expect("objects are removed by schema changes only").def.clone()
    }

    fn table_row(&self, def: &ObjectDef, counter: u64) -> StoredRow {
        let table = self.work.table(&def.name).expect("objects are removed by schema changes only");
        let mut row = table.take(counter).expect("the row was just found");
        self.keep_roll_ups(&table.def, counter, &mut row);
        row
    }

    fn put(&mut self, def: &ObjectDef, counter: u64, row: StoredRow) {
        self.touched.insert(ids::record_id(&def.id_prefix, counter));
        let table = Arc::make_mut(&mut self.work).table_mut(&def.name).expect("the object exists");
        self.journal.push((def.name.clone(), table.present(counter)));
        table.put(counter, row);
    }

    /// The row with this id if it is there and not deleted.
    fn live_row(view: &View, def: &ObjectDef, id: &str) -> Result<Row, ApiError> {
        let row = view.row(def, id).ok_or_else(ApiError::not_found)?;
        if row.is_deleted() { Err(ApiError::entity_is_deleted()) } else { Ok(row) }
    }
}

fn audit_values(def: &ObjectDef, values: &[(usize, Value)]) -> Vec<(usize, Value)> {
    let slots: Vec<usize> = platform_rules::AUDIT_FIELDS
        .iter()
        .filter_map(|name| def.field(name).map(|field| field.slot))
        .collect();
    values.iter().filter(|(slot, value)| slots.contains(slot) && !value.is_null()).cloned().collect()
}
