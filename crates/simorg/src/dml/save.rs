//! Writing the rows of one call, each under its own savepoint.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::{Map, Value as Json};

use crate::errors::ApiError;
use crate::model::{ObjectDef, ids};
use crate::state::{Org, Transaction, User, WriteOptions};

use super::{Options, Outcome, Row, Saved, Verb, upsert};

/// Writes the rows as one transaction. There are as many outcomes as rows, in their order.
///
/// A refused row leaves nothing behind. The others stay, unless the options ask for all or none.
pub fn save(org: &Org, user: &Arc<User>, verb: &Verb, rows: &[Row], options: &Options) -> Vec<Outcome> {
    org.transact(user, |transaction| {
        let outcomes = save_in(transaction, verb, rows, *options);
        let keep = !(options.all_or_none && outcomes.iter().any(Result::is_err));
        (outcomes, keep)
    })
}

/// The same within a transaction that goes on. With all or none, the caller drops it when a row was refused.
pub(crate) fn save_in(
    transaction: &mut Transaction<'_>,
    verb: &Verb,
    rows: &[Row],
    options: Options,
) -> Vec<Outcome> {
    transaction.set_options(WriteOptions {
        auto_assign: options.auto_assign,
        allow_duplicates: options.allow_duplicates,
        one_kind: true,
    });
    let mut seen = HashSet::new();
    let mut outcomes: Vec<Outcome> = rows
        .iter()
        .map(|row| transaction.attempt(|transaction| save_row(transaction, verb, row, &mut seen)))
        .collect();
    if options.all_or_none && outcomes.iter().any(Result::is_err) {
        for outcome in outcomes.iter_mut().filter(|outcome| outcome.is_ok()) {
            *outcome = Err(vec![rolled_back()]);
        }
    }
    outcomes
}

fn save_row(
    transaction: &mut Transaction<'_>,
    verb: &Verb,
    row: &Row,
    seen: &mut HashSet<String>,
) -> Outcome {
    match verb {
        Verb::Insert => {
            let def = object(transaction, row)?;
            Ok(inserted(transaction.insert_with(&def.name, &row.record, row.bodies.clone())?))
        }
        Verb::Upsert { by } => {
            let def = object(transaction, row)?;
            upsert::save(transaction, &def, by, &row.record, seen)
        }
        Verb::Update => {
            let def = object(transaction, row)?;
            let mut row = row.clone();
            let id = take_id(&mut row.record).ok_or_else(|| missing_id("an update call"))?;
            update(transaction, &def, &id, row, seen)
        }
        Verb::Delete | Verb::HardDelete | Verb::Undelete => {
            let id = take_id(&mut row.record.clone()).ok_or_else(|| missing_id("a delete call"))?;
            Ok(by_id(transaction, verb, &row.object, &id)?)
        }
    }
}

fn inserted(id: String) -> Saved {
    Saved { id, created: true }
}

/// Updates a row by the id that was taken out of it; a row is updated once in a call.
pub(super) fn update(
    transaction: &mut Transaction<'_>,
    def: &ObjectDef,
    id: &str,
    row: Row,
    seen: &mut HashSet<String>,
) -> Outcome {
    let full = canonical(def, id)?;
    if transaction.view().row(def, &full).is_none() {
        return Err(vec![no_such_row()]);
    }
    if !seen.insert(full.clone()) {
        let message = format!("duplicate id specified: {full}");
        return Err(vec![ApiError::record("DUPLICATE_VALUE", message, ["Id"])]);
    }
    transaction.update_with(&def.name, &full, &row.record, row.bodies)?;
    Ok(Saved { id: full, created: false })
}

fn by_id(transaction: &mut Transaction<'_>, verb: &Verb, object: &str, id: &str) -> Result<Saved, ApiError> {
    let view = transaction.view();
    let full = ids::canonical(id).ok_or_else(|| malformed(id))?;
    let def = view.object_of_id(&full).ok_or_else(no_such_row)?;
    if !object.is_empty() && !def.name.eq_ignore_ascii_case(object) {
        let message = format!("{object} ID: id value of incorrect type: {id}");
        return Err(ApiError::record("MALFORMED_ID", message, ["Id"]));
    }
    let missing = if *verb == Verb::Undelete { not_in_bin } else { no_such_row };
    view.row(&def, &full).ok_or_else(missing)?;
    drop(view);
    match verb {
        Verb::Undelete => transaction.undelete(&full)?,
        Verb::HardDelete => transaction.purge(&full)?,
        _ => transaction.delete(&full)?,
    }
    Ok(Saved { id: full, created: false })
}

fn object(transaction: &Transaction<'_>, row: &Row) -> Result<Arc<ObjectDef>, ApiError> {
    transaction.view().object(&row.object).ok_or_else(|| ApiError::invalid_type(&row.object))
}

/// The id of the row, taken out of its record, where it is no field to be written.
pub(super) fn take_id(record: &mut Map<String, Json>) -> Option<String> {
    let key = record.keys().find(|key| key.eq_ignore_ascii_case("Id"))?.clone();
    match record.shift_remove(&key) {
        Some(Json::String(id)) if !id.is_empty() => Some(id),
        _ => None,
    }
}

fn canonical(def: &ObjectDef, id: &str) -> Result<String, ApiError> {
    let full = ids::canonical(id).filter(|full| full.starts_with(&def.id_prefix));
    full.ok_or_else(|| {
        let message = format!("{} ID: id value of incorrect type: {id}", def.label);
        ApiError::record("MALFORMED_ID", message, ["Id"])
    })
}

fn malformed(id: &str) -> ApiError {
    ApiError::record("MALFORMED_ID", format!("bad id {id}"), Vec::<String>::new())
}

fn not_in_bin() -> ApiError {
    ApiError::record("UNDELETE_FAILED", "entity is not in the recycle bin", Vec::<String>::new())
}

fn no_such_row() -> ApiError {
    ApiError::record("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", Vec::<String>::new())
}

fn missing_id(call: &str) -> ApiError {
    ApiError::record("MISSING_ARGUMENT", format!("Id not specified in {call}"), Vec::<String>::new())
}

pub(crate) fn rolled_back() -> ApiError {
    ApiError::record(
        "ALL_OR_NONE_OPERATION_ROLLED_BACK",
        "Record rolled back because not all records were valid and the request was using AllOrNone header",
        Vec::<String>::new(),
    )
}
