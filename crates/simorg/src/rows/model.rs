//! A row as REST's JSON shows it, and what is said when there is none.

use axum::http::StatusCode;

use crate::errors::ApiError;
use crate::model::json::{Place, write_attributes, write_text, write_value};
use crate::model::{FieldDef, ObjectDef, ObjectKind, ids};
use crate::state::Row;

/// The fields named in `?fields=`, or all visible ones.
pub fn fields<'a>(def: &'a ObjectDef, wanted: Option<&str>) -> Result<Vec<&'a FieldDef>, ApiError> {
    let Some(wanted) = wanted else { return Ok(def.fields.iter().collect()) };
    let mut fields: Vec<&FieldDef> = Vec::new();
    for name in wanted.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        let field = def.field(name).ok_or_else(|| {
            ApiError::invalid_field(format!("No such column '{name}' on sobject of type {}", def.name))
        })?;
        if !fields.iter().any(|known| known.name == field.name) {
            fields.push(field);
        }
    }
    if let Some(id) = def.field("Id").filter(|id| !fields.iter().any(|field| field.name == id.name)) {
        fields.push(id);
    }
    Ok(fields)
}

/// One record with its attributes.
pub fn record(def: &ObjectDef, row: &Row, fields: &[&FieldDef], version: &str) -> String {
    let mut out = String::from("{");
    write_attributes(&mut out, version, &def.name, row.id());
    for field in fields {
        out.push(',');
        write_text(&mut out, &field.name);
        out.push(':');
        let place = Place { version, object: &def.name, id: row.id(), field: &field.name };
        write_value(&mut out, &row.value(field), place);
    }
    out.push('}');
    out
}

/// Big objects have no rows by REST.
pub fn has_rows(def: &ObjectDef) -> bool {
    !matches!(def.kind, ObjectKind::Big | ObjectKind::ChangeEvent) && def.flags.retrieveable
}

/// There is no row under what stands in the place of an id. What has not the form of an id is taken for a field's name.
pub fn no_row(id: &str) -> ApiError {
    if ids::canonical(id).is_some() { ApiError::not_found() } else { no_key(id) }
}

/// There is no such field, or rows cannot be found by it.
pub fn no_key(key: &str) -> ApiError {
    let message = format!("Provided external ID field does not exist or is not accessible: {key}");
    ApiError::new(StatusCode::NOT_FOUND, "NOT_FOUND", message)
}
