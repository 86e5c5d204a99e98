//! The query cursors of the org: lists of rows, kept for two days under ids such as `01g…`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Duration, Utc};

use crate::errors::ApiError;
use crate::model::ids;
use crate::soql::Plan;

/// How long a cursor lives (Salesforce Developer Limits, "API Query Cursor Limits").
const LIFE: Duration = Duration::days(2);
/// Rows in all cursors together; beyond it the oldest cursor is lost, as on a busy org.
const MAX_ROWS: usize = 100_000_000;

/// What this API keeps between calls.
#[derive(Debug, Default)]
pub struct State(Mutex<Cursors>);

#[derive(Debug, Default)]
struct Cursors {
    /// By number, hence oldest first.
    by_number: BTreeMap<u64, Arc<Cursor>>,
    made: u64,
    rows: usize,
}

/// The rows that a query found.
#[derive(Debug)]
pub(super) struct Cursor {
    pub id: String,
    pub user_id: String,
    pub plan: Arc<Plan>,
    /// By counter.
    pub rows: Vec<u64>,
    pub all: bool,
    pub page_size: usize,
    pub opened: DateTime<Utc>,
}

/// A cursor and how far into it a locator points.
pub(super) struct Found {
    pub cursor: Arc<Cursor>,
    pub offset: usize,
}

impl State {
    fn lock(&self) -> MutexGuard<'_, Cursors> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a cursor; `make` is given its id.
    pub(super) fn open(&self, make: impl FnOnce(String) -> Cursor) -> Arc<Cursor> {
        let mut cursors = self.lock();
        cursors.made += 1;
        let number = cursors.made;
        let cursor = Arc::new(make(ids::record_id("01g", number)));
        cursors.rows += cursor.rows.len();
        cursors.by_number.insert(number, cursor.clone());
        cursors.drop_old(cursor.opened);
        cursor
    }

    /// The place that `01g…-2000` names, if its cursor lives and belongs to this user.
    pub(super) fn find(&self, locator: &str, user_id: &str, now: DateTime<Utc>) -> Result<Found, ApiError> {
        let lost = || ApiError::bad_request("INVALID_QUERY_LOCATOR", "invalid query locator");
        let (id, offset) = locator.split_once('-').ok_or_else(lost)?;
        let number = ids::canonical(id).and_then(|id| ids::counter_of(&id)).ok_or_else(lost)?;
        let offset = offset.parse().map_err(|_| lost())?;
        let cursor = self.lock().by_number.get(&number).cloned().ok_or_else(lost)?;
        let is_alive =
            now - cursor.opened <= LIFE && cursor.user_id == user_id && offset <= cursor.rows.len();
        if is_alive { Ok(Found { cursor, offset }) } else { Err(lost()) }
    }

    /// Loses the cursor that a locator names.
    pub(super) fn forget(&self, locator: &str) {
        let id = locator.split('-').next().unwrap_or_default();
        if let Some(number) = ids::counter_of(id) {
            self.lock().remove(number);
        }
    }

    /// Loses all cursors.
    pub fn forget_all(&self) {
        let mut cursors = self.lock();
        cursors.by_number.clear();
        cursors.rows = 0;
    }
}

impl Cursors {
    fn remove(&mut self, number: u64) {
        if let Some(cursor) = self.by_number.remove(&number) {
            self.rows -= cursor.rows.len();
        }
    }

    fn drop_old(&mut self, now: DateTime<Utc>) {
        while let Some((number, oldest)) = self.by_number.first_key_value() {
            let keeps = self.by_number.len() == 1 || (self.rows <= MAX_ROWS && now - oldest.opened <= LIFE);
            if keeps {
                return;
            }
            let number = *number;
            self.remove(number);
        }
    }
}
