//! Whether the values of a request can be read at all.

use serde_json::{Map, Value as Json};

use crate::errors::{ApiError, JSON_PARSER_ERROR};
use crate::state::{View, validation};

/// Refuses a request of several records as a whole when a value is of no use to its field: REST reads before it saves.
pub(crate) fn readable<'a>(
    view: &View,
    records: impl IntoIterator<Item = (&'a str, &'a Map<String, Json>)>,
) -> Result<(), ApiError> {
    for (object, record) in records {
        let Some(def) = view.object(object) else { continue };
        for (name, json) in record {
            let Some(field) = def.field(name) else { continue };
            if let Err(error) = validation::value(field, json)
                && error.code == JSON_PARSER_ERROR
                && !(json.is_string() && field.source == crate::model::FieldSource::Blob)
            {
                return Err(error);
            }
        }
    }
    Ok(())
}
