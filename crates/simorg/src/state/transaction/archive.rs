//! Archiving activities: they leave ordinary queries and remain in queryAll.

use std::sync::Arc;

use chrono::{DateTime, Duration, NaiveDate};

use crate::errors::ApiError;
use crate::model::{ObjectDef, Value, ids};
use crate::state::row::Row;

use super::Transaction;

/// Closed activities older than this are archived ("Archived Activities", Salesforce Help).
const ARCHIVED_AFTER_DAYS: i64 = 365;

impl Transaction<'_> {
    /// Archives one activity, whatever its age.
    pub fn archive(&mut self, id: &str) -> Result<(), ApiError> {
        let full = ids::canonical(id).ok_or_else(ApiError::not_found)?;
        let row = self.found(&full).filter(|row| !row.is_deleted()).ok_or_else(ApiError::not_found)?;
        if !matches!(row.object_name(), "Task" | "Event" | "ContentDocument") {
            let message = format!("{} is not archived by the platform", row.object_name());
            return Err(ApiError::bad_request("INVALID_TYPE_FOR_OPERATION", message));
        }
        let (object, counter) = (row.object_name().to_owned(), row.counter());
        drop(row);
        let def = self.work.table(&object).expect("a row of it was found").def.clone();
        self.mark_archived(&def, counter);
        Ok(())
    }

    /// Archives the events and closed tasks that are old enough by the org's clock; answers how many.
    pub fn archive_old_activities(&mut self) -> u64 {
        let today = DateTime::from_timestamp_millis(self.stamp_ms).unwrap_or_default().date_naive();
        let before = today - Duration::days(ARCHIVED_AFTER_DAYS);
        let mut old = Vec::new();
        for object in ["Task", "Event"] {
            let Some(table) = self.work.table(object) else { continue };
            for (counter, _) in table.rows() {
                let row = self.found(&ids::record_id(&table.def.id_prefix, counter));
                if row.is_some_and(|row| is_old(&row, before)) {
                    old.push((table.def.clone(), counter));
                }
            }
        }
        for (def, counter) in &old {
            self.mark_archived(def, *counter);
        }
        old.len() as u64
    }

    fn mark_archived(&mut self, def: &Arc<ObjectDef>, counter: u64) {
        let Some(field) = def.field("IsArchived") else { return };
        let mut row = self.table_row(def, counter);
        row.set(field.slot, &Value::Bool(true));
        self.stamp_system(def, &mut row);
        self.put(def, counter, row);
    }
}

fn is_old(row: &Row, before: NaiveDate) -> bool {
    if row.is_deleted() || row.is_archived() {
        return false;
    }
    let open_task = row.object_name() == "Task" && row.value_of("IsClosed") != Value::Bool(true);
    let day =
        ["EndDateTime", "ActivityDateTime", "ActivityDate", "CreatedDate"].into_iter().find_map(|name| {
            match row.value_of(name) {
                Value::Date(day) => Some(day),
                Value::DateTime(ms) => DateTime::from_timestamp_millis(ms).map(|at| at.date_naive()),
                _ => None,
            }
        });
    !open_task && day.is_some_and(|day| day < before)
}
