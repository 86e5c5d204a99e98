//! The org: committed snapshot, users, clock, limits, faults, bodies, and the one writer's ledger.

mod components;
pub(crate) mod saved;

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, TryLockError};

use chrono::{DateTime, Duration, Utc};

use serde::{Deserialize, Serialize};

use crate::errors::ApiError;
use crate::faults::Faults;
use crate::model::{ObjectDef, Value};

use super::blobs::{Blobs, Body};
use super::clock::Clock;
use super::joint;
use super::limits::Limits;
use super::open_transactions::OpenTransaction;
use super::row::Row;
use super::rules::Rules;
use super::sharing::Sharing;
use super::transaction::Transaction;
use super::users::User;
use super::view::{Scan, Snapshot, View};

/// One deletion that getDeleted tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeletedRecord {
    pub object: String,
    pub id: String,
    pub deleted_ms: i64,
}

const DAY_MS: i64 = 86_400_000;

/// What only the writer changes.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Ledger {
    pub(crate) deletes: Vec<DeletedRecord>,
    /// Deletes before this time are no longer told.
    pub(crate) earliest_available_ms: i64,
    #[serde(skip)]
    pub(crate) open: BTreeMap<u64, OpenTransaction>,
    pub(crate) next_open: u64,
    pub(crate) next_operation: u64,
    /// By object and field in lower case: the next autonumber.
    #[serde(with = "crate::model::forms::pairs")]
    pub(crate) autonumbers: HashMap<(String, String), u64>,
    /// Counters given to rows that are not committed yet, by object in lower case.
    pub(crate) reserved: HashMap<String, u64>,
    /// By deleted row: the lookups to it that its delete emptied.
    pub(crate) cleared: HashMap<String, Vec<ClearedLookup>>,
    /// New versions of files, by day.
    pub(crate) versions: (i64, u64),
}

impl Ledger {
    /// How many versions of files were published on the day of this time, so far.
    pub(crate) fn versions_on(&self, at_ms: i64) -> u64 {
        let (day, published) = self.versions;
        if day == at_ms.div_euclid(DAY_MS) { published } else { 0 }
    }

    pub(crate) fn count_versions(&mut self, at_ms: i64, published: u64) {
        // What is committed late counts for the day on which it is.
        let day = at_ms.div_euclid(DAY_MS).max(self.versions.0);
        if published > 0 {
            self.versions = (day, self.versions_on(day * DAY_MS) + published);
        }
    }
}

/// A lookup that a delete emptied, to be filled again by undelete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ClearedLookup {
    pub(crate) operation: u64,
    pub(crate) object: String,
    pub(crate) counter: u64,
    pub(crate) slot: usize,
}

/// A simulated org. Shared behind `Arc` by the server and by tests.
#[derive(Debug)]
pub struct Org {
    id: String,
    snapshot: RwLock<Arc<Snapshot>>,
    ledger: Mutex<Ledger>,
    users: RwLock<BTreeMap<String, Arc<User>>>,
    clock: Arc<Clock>,
    limits: Limits,
    faults: Faults,
    blobs: Blobs,
    rules: Rules,
    /// When the oldest row in the recycle bin is to be purged; `i64::MAX` when none is.
    next_purge_ms: AtomicI64,
    /// When a schema or a user's permissions last changed.
    changed_ms: AtomicI64,
    /// Calls by route, for the statistics of the admin API.
    calls: Mutex<BTreeMap<String, u64>>,
    /// What the org was to begin with and could not take.
    start_notes: OnceLock<Vec<String>>,
}

impl Org {
    pub(crate) fn new(
        id: String,
        mut snapshot: Snapshot,
        users: Vec<User>,
        earliest_available_ms: i64,
    ) -> Org {
        let rows = Arc::new(snapshot.clone());
        snapshot.sharing = Arc::new(Sharing::of(&rows, BTreeMap::new()));
        let clock = snapshot.clock.clone();
        Org {
            id,
            snapshot: RwLock::new(Arc::new(snapshot)),
            ledger: Mutex::new(Ledger { earliest_available_ms, ..Ledger::default() }),
            users: RwLock::new(users.into_iter().map(|user| (user.id.clone(), Arc::new(user))).collect()),
            clock,
            limits: Limits::default(),
            faults: Faults::default(),
            blobs: Blobs::default(),
            rules: Rules::default(),
            next_purge_ms: AtomicI64::new(i64::MAX),
            changed_ms: AtomicI64::new(earliest_available_ms),
            calls: Mutex::default(),
            start_notes: OnceLock::new(),
        }
    }

    /// The org's own id, 18 characters.
    pub fn id(&self) -> &str {
        &self.id
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Now, cut to the whole second, in milliseconds: what rows are stamped with.
    pub fn stamp_ms(&self) -> i64 {
        self.clock.now().timestamp() * 1000
    }

    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Counts one API call against the daily limit.
    pub fn count_call(&self) -> Result<(), ApiError> {
        self.limits.count_call(self.now()).map_err(|_| ApiError::request_limit_exceeded())
    }

    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    pub(crate) fn blobs(&self) -> &Blobs {
        &self.blobs
    }

    pub(crate) fn rules(&self) -> &Rules {
        &self.rules
    }

    pub(crate) fn next_purge_ms(&self) -> &AtomicI64 {
        &self.next_purge_ms
    }

    /// What a project holds that the org could not take, one line each.
    pub fn start_notes(&self) -> &[String] {
        self.start_notes.get().map_or(&[], Vec::as_slice)
    }

    pub(crate) fn set_start_notes(&self, notes: Vec<String>) {
        // An org starts once.
        self.start_notes.set(notes).ok();
    }

    // Readers.

    /// The committed state, or that of the joint transaction under way.
    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        joint::snapshot(self).unwrap_or_else(|| self.committed())
    }

    pub(crate) fn committed(&self) -> Arc<Snapshot> {
        self.snapshot.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The committed state as this user sees it, unchanged by what is written later.
    pub fn view(&self, user: &Arc<User>) -> View {
        self.age_bin();
        View::new(self.snapshot(), user.clone())
    }

    /// The committed state as the integration user sees it.
    pub fn admin_view(&self) -> View {
        self.view(&self.admin())
    }

    pub fn object(&self, user: &Arc<User>, name: &str) -> Option<Arc<ObjectDef>> {
        self.view(user).object(name)
    }

    pub fn objects(&self, user: &Arc<User>) -> Vec<Arc<ObjectDef>> {
        self.view(user).objects()
    }

    pub fn scan(
        &self,
        user: &Arc<User>,
        object: &ObjectDef,
        scan: Scan,
        visit: &mut dyn FnMut(&Row) -> ControlFlow<()>,
    ) {
        self.view(user).scan(object, scan, visit);
    }

    pub fn row(&self, user: &Arc<User>, object: &ObjectDef, id: &str) -> Option<Row> {
        self.view(user).row(object, id)
    }

    pub fn count(&self, user: &Arc<User>, object: &ObjectDef, with_deleted: bool) -> u64 {
        self.view(user).count(object, with_deleted)
    }

    /// The body in a base64 field of a row; `None` if it is null there.
    pub fn body(&self, row: &Row, field: &str) -> Option<Body> {
        if let Some(body) = self.blobs.get(row.id(), field) {
            return Some(body);
        }
        let Value::Blob = row.value_of(field) else { return None };
        Some(crate::generate::files::body_of(row))
    }

    // Users.

    fn user_map(&self) -> std::sync::RwLockReadGuard<'_, BTreeMap<String, Arc<User>>> {
        self.users.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The user with this id of 18 characters.
    pub fn user(&self, id: &str) -> Option<Arc<User>> {
        self.user_map().get(id).cloned()
    }

    pub fn user_by_name(&self, username: &str) -> Option<Arc<User>> {
        self.user_map().values().find(|user| user.username.eq_ignore_ascii_case(username)).cloned()
    }

    pub fn users(&self) -> Vec<Arc<User>> {
        self.user_map().values().cloned().collect()
    }

    /// The integration user: the first that was made.
    pub fn admin(&self) -> Arc<User> {
        self.user_map().values().next().expect("an org is made with its users").clone()
    }

    pub(crate) fn add_user(&self, user: User) {
        self.users.write().unwrap_or_else(PoisonError::into_inner).insert(user.id.clone(), Arc::new(user));
    }

    pub(crate) fn change_user(&self, user_id: &str, change: impl FnOnce(&mut User)) -> bool {
        let changed_ms = self.next_change_ms();
        let mut users = self.users.write().unwrap_or_else(PoisonError::into_inner);
        let Some(user) = users.get_mut(user_id) else { return false };
        let mut changed = (**user).clone();
        change(&mut changed);
        changed.generation += 1;
        changed.changed_ms = changed_ms;
        *user = Arc::new(changed);
        true
    }

    /// The time of a change of schema or permissions: never the same second twice, so that If-Modified-Since tells each.
    pub(crate) fn next_change_ms(&self) -> i64 {
        let now_ms = self.stamp_ms();
        let next = |last: i64| Some(now_ms.max(last + 1000));
        let last = self.changed_ms.fetch_update(Ordering::SeqCst, Ordering::SeqCst, next);
        now_ms.max(last.unwrap_or(now_ms) + 1000)
    }

    // Writers.

    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs one transaction: all of it is committed when `work` succeeds, nothing of it otherwise.
    pub fn write<R>(
        &self,
        user: &Arc<User>,
        work: impl FnOnce(&mut Transaction<'_>) -> Result<R, ApiError>,
    ) -> Result<R, ApiError> {
        self.transact(user, |transaction| {
            let outcome = work(transaction);
            let keep = outcome.is_ok();
            (outcome, keep)
        })
    }

    /// Runs one transaction that is committed when `work` says so, whatever else it answers.
    pub(crate) fn transact<R>(
        &self,
        user: &Arc<User>,
        work: impl FnOnce(&mut Transaction<'_>) -> (R, bool),
    ) -> R {
        self.age_bin();
        let mut ledger = self.ledger();
        let mut transaction = Transaction::begin(self, user.clone(), &mut ledger, self.stamp_ms());
        let (outcome, keep) = work(&mut transaction);
        if keep {
            transaction.commit();
        }
        outcome
    }

    /// The ledger, unless someone writes at this moment.
    pub(crate) fn free_ledger(&self) -> Option<MutexGuard<'_, Ledger>> {
        match self.ledger.try_lock() {
            Ok(ledger) => Some(ledger),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    pub(crate) fn publish(&self, snapshot: Arc<Snapshot>) {
        let old = {
            let mut current = self.snapshot.write().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *current, snapshot)
        };
        drop(old);
    }

    /// The deletions of an object in a half-open time range.
    pub fn deleted(&self, object: &str, from_ms: i64, until_ms: i64) -> Vec<DeletedRecord> {
        let ledger = self.ledger();
        let earliest = ledger.earliest_available_ms;
        let mut found: Vec<DeletedRecord> = ledger
            .deletes
            .iter()
            .filter(|d| d.object.eq_ignore_ascii_case(object) && d.deleted_ms >= earliest)
            .filter(|d| d.deleted_ms >= from_ms && d.deleted_ms < until_ms)
            .cloned()
            .collect();
        found.sort_by(|a, b| (a.deleted_ms, &a.id).cmp(&(b.deleted_ms, &b.id)));
        found
    }

    pub fn earliest_delete_ms(&self) -> i64 {
        self.ledger().earliest_available_ms
    }

    /// Forgets deletes before this time, as Salesforce purges its log.
    pub fn purge_delete_log(&self, before: DateTime<Utc>) {
        let mut ledger = self.ledger();
        let before = before.timestamp_millis();
        ledger.deletes.retain(|d| d.deleted_ms >= before);
        ledger.earliest_available_ms = ledger.earliest_available_ms.max(before);
    }

    /// Rows stamped before this time are all committed.
    pub fn covered_until(&self) -> DateTime<Utc> {
        let opened = self.ledger().open.values().map(|t| t.opened_ms).min();
        let now = self.now();
        let covered = opened.and_then(DateTime::from_timestamp_millis).map_or(now, |at| at.min(now));
        covered - Duration::nanoseconds(i64::from(covered.timestamp_subsec_nanos()))
    }

    /// Counts a call in the statistics.
    pub(crate) fn note_call(&self, route: &str) {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        *calls.entry(route.to_owned()).or_default() += 1;
    }

    /// Calls by route since the start.
    pub fn calls(&self) -> BTreeMap<String, u64> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
