//! Upsert: the row with the same external id is updated, and made when there is none.

use std::collections::HashSet;

use serde_json::{Map, Value as Json};

use crate::errors::ApiError;
use crate::model::{FieldDef, ObjectDef};
use crate::state::{Transaction, lookup, validation};

use super::save::{take_id, update};
use super::{Outcome, Row, Saved};

pub(super) fn save(
    transaction: &mut Transaction<'_>,
    def: &ObjectDef,
    by: &str,
    record: &Map<String, Json>,
    seen: &mut HashSet<String>,
) -> Outcome {
    if by.eq_ignore_ascii_case("Id") {
        let mut record = record.clone();
        return match take_id(&mut record) {
            Some(id) => update(transaction, def, &id, Row::new(&def.name, record), seen),
            None => insert(transaction, def, &record),
        };
    }
    let field = key_field(def, by)?;
    let given =
        record.iter().find(|(name, value)| name.eq_ignore_ascii_case(&field.name) && !value.is_null());
    let Some((name, given)) = given.filter(|(_, value)| value.as_str() != Some("")) else {
        let message = format!("{} not specified", field.name);
        return Err(vec![ApiError::record("MISSING_ARGUMENT", message, Vec::<String>::new())]);
    };
    let wanted = validation::value(field, given)?;
    let shown = wanted.to_plain_text();
    let key = if field.case_sensitive { shown.clone() } else { shown.to_lowercase() };
    if !seen.insert(key) {
        let message = format!("Duplicate external id specified: {shown}");
        return Err(vec![ApiError::record("DUPLICATE_VALUE", message, [field.name.clone()])]);
    }
    let view = transaction.view();
    let rows = lookup::rows_with(view.snapshot(), def, field, &wanted);
    let matches: Vec<String> = rows.iter().map(|row| row.id().to_owned()).collect();
    drop((rows, view));
    match matches.as_slice() {
        [] => insert(transaction, def, record),
        [id] => {
            let mut rest = record.clone();
            rest.shift_remove(name);
            update(transaction, def, id, Row::new(&def.name, rest), &mut HashSet::new())
        }
        several => {
            let message = format!(
                "{}: more than one record found for external id field: [{}]",
                field.name,
                several.join(", ")
            );
            Err(vec![ApiError::record("DUPLICATE_EXTERNAL_ID", message, [field.name.clone()])])
        }
    }
}

fn insert(transaction: &mut Transaction<'_>, def: &ObjectDef, record: &Map<String, Json>) -> Outcome {
    Ok(Saved { id: transaction.insert(&def.name, record)?, created: true })
}

/// The field by which rows of this object may be found.
pub fn key_field<'a>(def: &'a ObjectDef, name: &str) -> Result<&'a FieldDef, ApiError> {
    def.field(name).filter(|field| field.external_id || field.id_lookup).ok_or_else(|| {
        ApiError::invalid_field(format!(
            "Field name provided, {name} does not match an External ID, Salesforce Id, or indexed field for {}",
            def.name
        ))
    })
}
