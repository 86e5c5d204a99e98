//! Validation rules: a record for which one is true is refused.

use crate::errors::ApiError;
use crate::formula::{Datum, Subject};
use crate::state::row::Row;
use crate::state::users::User;

/// Refuses the row with the errors of all rules that it breaks. `prior` is the row before the save.
///
/// A rule that cannot be read is passed over; one that fails for this row refuses it, as on the platform.
pub fn rules(row: &Row, prior: Option<&Row>, user: &User) -> Result<(), ApiError> {
    let snapshot = row.snapshot();
    let table = row.table();
    let mut errors = Vec::new();
    for (rule, read) in table.formulas.of_rules(&table.def, snapshot) {
        let Ok(formula) = read else { continue };
        let subject = Subject { row: Some(row), prior, user: Some(&user.id), ..Subject::new(snapshot) };
        match formula.evaluate(&subject) {
            Ok(Datum::Bool(true)) => errors.push(ApiError::record(
                "FIELD_CUSTOM_VALIDATION_EXCEPTION",
                rule.message.clone(),
                rule.error_field.clone(),
            )),
            Ok(_) => {}
            Err(error) => errors.push(ApiError::record(
                "FIELD_INTEGRITY_EXCEPTION",
                format!("The formula in the \"{}\" validation rule cannot be evaluated: {error}", rule.name),
                Vec::<String>::new(),
            )),
        }
    }
    ApiError::together(errors).map_or(Ok(()), Err)
}
