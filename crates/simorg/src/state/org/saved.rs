//! An org as a saved one holds it, and back. Open transactions are not part of it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::components::{Component, Components};
use crate::faults::Faults;
use crate::state::blobs::{Blobs, Body};
use crate::state::limits::Limits;
use crate::state::rules::SavedRules;
use crate::state::sharing::{Access, Sharing};
use crate::state::table::Table;
use crate::state::users::User;
use crate::state::view::Snapshot;

use super::{Ledger, Org};

#[derive(Serialize)]
struct Saving<'a> {
    id: &'a str,
    tables: Vec<&'a Table>,
    schema_changed_ms: i64,
    sharing: &'a BTreeMap<String, Access>,
    components: Vec<&'a Component>,
    given_component_ids: u64,
    ledger: &'a Ledger,
    users: Vec<User>,
    clock: Result<DateTime<Utc>, i64>,
    limits: &'a Limits,
    faults: &'a Faults,
    blobs: Vec<((String, String), Body)>,
    rules: SavedRules,
    next_purge_ms: i64,
    changed_ms: i64,
    calls: BTreeMap<String, u64>,
    start_notes: &'a [String],
}

/// An org that was read and does not run yet.
#[derive(Deserialize)]
pub(crate) struct Saved {
    id: String,
    tables: Vec<Table>,
    schema_changed_ms: i64,
    sharing: BTreeMap<String, Access>,
    components: Vec<Component>,
    given_component_ids: u64,
    ledger: Ledger,
    users: Vec<User>,
    clock: Result<DateTime<Utc>, i64>,
    limits: Limits,
    faults: Faults,
    blobs: Vec<((String, String), Body)>,
    rules: SavedRules,
    next_purge_ms: i64,
    changed_ms: i64,
    calls: BTreeMap<String, u64>,
    start_notes: Vec<String>,
}

impl Org {
    /// Writes the org as it is between two writes.
    pub(crate) fn save<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let ledger = self.ledger();
        let snapshot = self.committed();
        Saving {
            id: &self.id,
            tables: snapshot.tables().map(|table| &**table).collect(),
            schema_changed_ms: snapshot.schema_changed_ms,
            sharing: snapshot.sharing.defaults(),
            components: snapshot.components.iter().map(|component| &**component).collect(),
            given_component_ids: snapshot.components.given(),
            ledger: &ledger,
            users: self.users().iter().map(|user| (**user).clone()).collect(),
            clock: self.clock.saved(),
            limits: &self.limits,
            faults: &self.faults,
            blobs: self.blobs.all().map_err(serde::ser::Error::custom)?,
            rules: self.saved_rules(),
            next_purge_ms: self.next_purge_ms.load(Ordering::SeqCst),
            changed_ms: self.changed_ms.load(Ordering::SeqCst),
            calls: self.calls(),
            start_notes: self.start_notes(),
        }
        .serialize(to)
    }
}

impl From<Saved> for Org {
    fn from(saved: Saved) -> Org {
        let mut snapshot = Snapshot::default();
        for table in saved.tables {
            snapshot.insert_table(table);
        }
        snapshot.schema_changed_ms = saved.schema_changed_ms;
        snapshot.components = Arc::new(Components::from_saved(saved.components, saved.given_component_ids));
        let mut org = Org::new(saved.id, snapshot, saved.users, 0);
        let rows = org.committed();
        let mut snapshot = (*rows).clone();
        snapshot.sharing = Arc::new(Sharing::of(&rows, saved.sharing));
        org.snapshot = RwLock::new(Arc::new(snapshot));
        org.ledger = Mutex::new(saved.ledger);
        org.clock.restore(saved.clock);
        org.limits = saved.limits;
        org.faults = saved.faults;
        org.blobs = Blobs::of(saved.blobs);
        org.next_purge_ms = AtomicI64::new(saved.next_purge_ms);
        org.changed_ms = AtomicI64::new(saved.changed_ms);
        *org.calls.lock().unwrap_or_else(PoisonError::into_inner) = saved.calls;
        org.restore_rules(saved.rules);
        org.set_start_notes(saved.start_notes);
        org
    }
}
