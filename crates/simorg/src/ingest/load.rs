//! What a job does to its object, and the saving of its rows, one chunk a transaction.

use std::sync::Arc;

use serde_json::Value as Json;

use crate::dml::{self, Options, Outcome, Row, Verb};
use crate::errors::ApiError;
use crate::faults::{Effect, Endpoint};
use crate::model::ObjectDef;
use crate::state::{Org, User, View};

/// What a job does to its object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Operation {
    Insert,
    Update,
    Upsert { by: String },
    Delete,
    HardDelete,
}

/// Why a job is not made: a code as Bulk 1.0 spells it, and a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused {
    pub code: &'static str,
    pub message: String,
}

impl Refused {
    pub(crate) fn job(message: impl Into<String>) -> Refused {
        Refused { code: "InvalidJob", message: message.into() }
    }
}

impl Operation {
    /// The operation of this name; `None` if there is none. An upsert's key may be missing here and is checked with the object.
    pub(crate) fn named(name: &str, key: Option<&str>) -> Option<Operation> {
        Some(match name {
            "insert" => Operation::Insert,
            "update" => Operation::Update,
            "upsert" => Operation::Upsert { by: key.unwrap_or_default().to_owned() },
            "delete" => Operation::Delete,
            "hardDelete" => Operation::HardDelete,
            _ => return None,
        })
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Operation::Insert => "insert",
            Operation::Update => "update",
            Operation::Upsert { .. } => "upsert",
            Operation::Delete => "delete",
            Operation::HardDelete => "hardDelete",
        }
    }

    /// The name of an operation whose rows hold an id and nothing else.
    pub(crate) fn takes_only_ids(&self) -> Option<&'static str> {
        match self {
            Operation::Delete | Operation::HardDelete => Some(self.name()),
            Operation::Insert | Operation::Update | Operation::Upsert { .. } => None,
        }
    }

    /// True if and only if rows name a record by its id.
    pub(crate) fn is_by_id(&self) -> bool {
        matches!(self, Operation::Update | Operation::Delete | Operation::HardDelete)
    }

    pub(crate) fn verb(&self) -> Verb {
        match self {
            Operation::Insert => Verb::Insert,
            Operation::Update => Verb::Update,
            Operation::Upsert { by } => Verb::Upsert { by: by.clone() },
            Operation::Delete => Verb::Delete,
            Operation::HardDelete => Verb::HardDelete,
        }
    }
}

/// The object of a new job, if the user may do this to it by Bulk.
pub(crate) fn checked_object(
    view: &View,
    user: &User,
    name: &str,
    operation: &Operation,
) -> Result<Arc<ObjectDef>, Refused> {
    let object = view.object(name).ok_or_else(|| Refused::job(format!("Unable to find object: {name}")))?;
    match operation {
        Operation::Upsert { by } if by.is_empty() => Err(Refused::job(format!(
            "External ID was blank for {}. An External ID must be specified for upsert.",
            object.name
        ))),
        Operation::Upsert { by }
            if object.field(by).is_none_or(|key| !(key.id_lookup || key.external_id || key.name == "Id")) =>
        {
            Err(Refused::job(format!(
                "Field name provided, {by} does not match an External ID for {}",
                object.name
            )))
        }
        Operation::HardDelete if !user.permissions.holds("BulkApiHardDelete") => Err(Refused {
            code: "FeatureNotEnabled",
            message: "hardDelete operation requires special user profile permission, please contact your \
                      system administrator"
                .to_owned(),
        }),
        _ => Ok(object),
    }
}

/// Saves the rows of one job.
#[derive(Debug, Clone)]
pub(crate) struct Loader {
    pub org: Arc<Org>,
    pub user: Arc<User>,
    pub object: String,
    pub operation: Operation,
    /// Whether the job names an assignment rule.
    pub assigns: bool,
}

impl Loader {
    /// Saves one chunk. Rows that could not be read keep their errors. An error of the whole is why the job ends here.
    pub(crate) fn save(&self, rows: Vec<Result<Row, ApiError>>) -> Result<Vec<Outcome>, String> {
        match self.org.faults().semantic(Endpoint::IngestRows, Some(&self.object)) {
            Some(Effect::JobFailed { message }) => return Err(message),
            Some(Effect::RowLocked) => return Ok(locked(&rows)),
            _ => {}
        }
        let options =
            Options { all_or_none: false, auto_assign: Some(self.assigns), allow_duplicates: false };
        let (good, places): (Vec<Row>, Vec<Option<ApiError>>) = split(rows);
        let mut saved = dml::save(&self.org, &self.user, &self.operation.verb(), &good, &options).into_iter();
        let outcomes = places.into_iter().map(|refused| match refused {
            Some(error) => Err(vec![error]),
            None => saved.next().expect("every row has an outcome"),
        });
        Ok(outcomes.collect())
    }
}

fn split(rows: Vec<Result<Row, ApiError>>) -> (Vec<Row>, Vec<Option<ApiError>>) {
    let mut good = Vec::with_capacity(rows.len());
    let places = rows
        .into_iter()
        .map(|row| match row {
            Ok(row) => {
                good.push(row);
                None
            }
            Err(error) => Some(error),
        })
        .collect();
    (good, places)
}

/// No row of the chunk could be locked.
fn locked(rows: &[Result<Row, ApiError>]) -> Vec<Outcome> {
    let ids: Vec<&str> =
        rows.iter().filter_map(|row| row.as_ref().ok()?.record.get("Id").and_then(Json::as_str)).collect();
    let message = format!(
        "unable to obtain exclusive access to this record or {} records: {}",
        rows.len(),
        ids.join(",")
    );
    let error = ApiError::record("UNABLE_TO_LOCK_ROW", message, Vec::<String>::new());
    rows.iter().map(|_| Err(vec![error.clone()])).collect()
}

/// The errors of a row in one text: `CODE:message:fields --`.
pub(crate) fn error_text(errors: &[ApiError]) -> String {
    let mut text = String::new();
    for error in errors {
        text.push_str(&error.code);
        text.push(':');
        text.push_str(&error.message);
        text.push(':');
        for field in error.fields.iter().flatten() {
            text.push_str(field);
            text.push(' ');
        }
        text.push_str("--");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_read_as_bulk_words_them() {
        let missing =
            ApiError::record("REQUIRED_FIELD_MISSING", "Required fields are missing: [Name]", ["Name"]);
        assert_eq!(
            error_text(&[missing]),
            "REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --"
        );
        let dangling = ApiError::record(
            "INVALID_CROSS_REFERENCE_KEY",
            "invalid cross reference id",
            Vec::<String>::new(),
        );
        assert_eq!(error_text(&[dangling]), "INVALID_CROSS_REFERENCE_KEY:invalid cross reference id:--");
    }
}
