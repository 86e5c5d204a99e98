//! The rows of a batch, from CSV, JSON or XML.

use std::borrow::Cow;

use serde_json::{Map, Value as Json, json};

use crate::dml::Row;
use crate::errors::ApiError;
use crate::ingest::{Columns, Dialect, LineEnd, Operation, Reader, typed};
use crate::model::ObjectDef;
use crate::model::json::exact_numbers;
use crate::state::View;
use crate::xml::Element;

use super::job::ContentType;

type Rows = Vec<Result<Row, ApiError>>;

/// Reads all rows. What is refused is the state message of the batch.
pub(super) fn rows(
    view: &View,
    object: &ObjectDef,
    operation: &Operation,
    content_type: ContentType,
    body: &[u8],
) -> Result<Rows, String> {
    match content_type {
        ContentType::Csv => csv(view, object, operation, body),
        ContentType::Json => {
            let records: Vec<Map<String, Json>> = serde_json::from_slice(&exact_numbers(body))
                .map_err(|error| format!("InvalidBatch : Failed to parse JSON. {error}"))?;
            let records = records.into_iter().map(without_attributes).collect();
            named(view, object, operation, records)
        }
        ContentType::Xml => {
            let root = Element::parse(body)
                .map_err(|error| format!("InvalidBatch : Failed to parse XML. {error}"))?;
            let records = root.all("sObject").map(record).collect();
            named(view, object, operation, records)
        }
    }
}

fn csv(view: &View, object: &ObjectDef, operation: &Operation, body: &[u8]) -> Result<Rows, String> {
    let text = String::from_utf8_lossy(body);
    let mut reader = Reader::new(&text, Dialect { delimiter: b',', line_end: LineEnd::Either });
    let mut values: Vec<Cow<'_, str>> = Vec::new();
    reader.read(&mut values).map_err(|error| error.to_string())?;
    let columns = Columns::of(view, object, operation, &values)
        .map_err(|refused| format!("InvalidBatch : {refused}"))?;
    let mut rows = Vec::new();
    while reader.read(&mut values).map_err(|error| error.to_string())? {
        if values.len() > columns.len() {
            return Err(format!(
                "InvalidBatch : Failed to parse CSV. Row {} has {} values for {} columns",
                rows.len() + 1,
                values.len(),
                columns.len()
            ));
        }
        rows.push(columns.row(&values));
    }
    Ok(rows)
}

fn without_attributes(mut record: Map<String, Json>) -> Map<String, Json> {
    record.shift_remove("attributes");
    record
}

/// Rows whose values carry their names. One unknown name spoils the batch.
fn named(
    view: &View,
    object: &ObjectDef,
    operation: &Operation,
    records: Vec<Map<String, Json>>,
) -> Result<Rows, String> {
    for record in &records {
        for (name, value) in record {
            let is_known = match value {
                Json::Object(_) => object.relationship(name).is_some(),
                _ => object.field(name).is_some_and(|field| !field.kind.is_compound()),
            };
            if !is_known {
                return Err(format!("InvalidBatch : Field name not found : {name}"));
            }
        }
    }
    let is_id = |name: &String| name.eq_ignore_ascii_case("Id");
    if let Some(verb) = operation.takes_only_ids()
        && records.iter().any(|record| !record.keys().all(is_id))
    {
        return Err(format!("InvalidBatch : The '{verb}' batch must contain only ids"));
    }
    debug_assert!(view.object(&object.name).is_some(), "the object is one that the user sees");
    Ok(records.into_iter().map(|record| row(object, record)).collect())
}

/// One row, if its values are of the types of their fields.
fn row(object: &ObjectDef, record: Map<String, Json>) -> Result<Row, ApiError> {
    let mut typed_record = Map::with_capacity(record.len());
    for (name, value) in record {
        let value = match object.field(&name) {
            Some(field) => typed::json(field, value)?,
            None => value,
        };
        typed_record.insert(name, value);
    }
    Ok(Row::new(&object.name, typed_record))
}

/// One `sObject`: empty elements leave a field alone, `xsi:nil` empties it, a parent is an `sObject` in its relationship.
fn record(element: &Element) -> Map<String, Json> {
    let mut record = Map::new();
    for child in element.children.iter().filter(|child| child.name != "type") {
        if child.is_nil() {
            record.insert(child.name.clone(), Json::Null);
        } else if let Some(parent) = child.child("sObject") {
            let mut key = self::record(parent);
            if let Some(of) = parent.text_of("type") {
                key.shift_insert(0, "attributes".to_owned(), json!({"type": of}));
            }
            record.insert(child.name.clone(), Json::Object(key));
        } else if !child.text.is_empty() {
            record.insert(child.name.clone(), Json::String(child.text.clone()));
        }
    }
    record
}
