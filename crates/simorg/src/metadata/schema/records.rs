//! Rows that are metadata: record types and the records of custom metadata types.

use std::sync::Arc;

use serde_json::Value as Json;

use crate::model::{FieldDef, FieldType, ObjectDef, ObjectKind, Value, ids};
use crate::state::view::Snapshot;
use crate::state::{Row, validation};
use crate::xml::Element;

use super::Part;
use super::changes::Changes;

pub(super) type RowValues<'a> = Vec<(&'a str, Value)>;

/// The first live row of an object that a test holds for.
pub(super) fn find_row(snapshot: &Snapshot, object: &str, test: impl Fn(&Row) -> bool) -> Option<Row> {
    // Rows keep the snapshot that they are read from; an empty one serves to read stored values.
    let table = snapshot.table(object)?.clone();
    let empty = std::sync::Arc::new(Snapshot::default());
    table
        .rows()
        .map(|(counter, found)| Row::new(empty.clone(), table.clone(), counter, found))
        .find(|row| !row.is_deleted() && test(row))
}

/// Writes a row over the one with this counter, or a new one; answers its id.
pub(super) fn put_row(
    changes: &mut Changes<'_>,
    object: &str,
    known: Option<u64>,
    values: RowValues<'_>,
) -> Option<String> {
    let (at, by) = (Value::DateTime(changes.author.at_ms), Value::Id(changes.author.user_id.clone()));
    let table = changes.snapshot.table_mut(object)?;
    let def = table.def.clone();
    let counter = known.unwrap_or_else(|| table.reserve());
    let mut row = known.and_then(|counter| table.take(counter)).unwrap_or_default();
    let mut all: RowValues<'_> = vec![
        ("LastModifiedDate", at.clone()),
        ("LastModifiedById", by.clone()),
        ("SystemModstamp", at.clone()),
    ];
    if known.is_none() {
        all.extend([("CreatedDate", at), ("CreatedById", by)]);
    }
    all.extend(values);
    for (name, value) in all {
        if let Some(field) = def.field(name) {
            row.set(field.slot, &value);
        }
    }
    table.put(counter, row);
    Some(ids::record_id(&def.id_prefix, counter))
}

/// Records of custom metadata types: all of them first, then the references among them.
pub(super) fn apply<'a>(changes: &mut Changes<'_>, parts: impl Iterator<Item = &'a Part>) {
    let mut written = Vec::new();
    for part in parts {
        match record(changes, part) {
            Ok(known) => written.push((part, known)),
            Err(message) => changes.problem("CustomMetadata", &part.full_name, message),
        }
    }
    for (part, written) in written {
        if let Err(message) = references(changes, part, &written) {
            changes.problem("CustomMetadata", &part.full_name, message);
        }
    }
}

/// A record that was written, and where.
struct Written {
    def: Arc<ObjectDef>,
    counter: Option<u64>,
}

/// Writes all of a record but its references.
fn record(changes: &mut Changes<'_>, part: &Part) -> Result<Written, String> {
    let Some((kind, name)) = part.full_name.split_once('.') else {
        return Err("Custom metadata records are named Type.Record".to_owned());
    };
    let object = if kind.ends_with("__mdt") { kind.to_owned() } else { format!("{kind}__mdt") };
    let def = changes.def(&object).filter(|def| def.kind == ObjectKind::CustomMetadata);
    let def = def.ok_or_else(|| format!("In field: fullName - no CustomObject named {object} found"))?;
    let label = part.xml.text_of("label").map_or(name, str::trim);
    let mut values: RowValues<'_> = [
        ("DeveloperName", name),
        ("MasterLabel", label),
        ("Label", label),
        ("Language", "en_US"),
        ("QualifiedApiName", name),
    ]
    .map(|(field, text)| (field, Value::text(text)))
    .into();
    let cells = cells(&def, &part.xml)?;
    for (field, given) in &cells {
        if field.kind != FieldType::Reference {
            values.push((field.name.as_str(), value(field, given.as_deref())?));
        }
    }
    let known = find(changes.snapshot, &def, name).map(|row| row.counter());
    let is_missing = |field: &&FieldDef| {
        field.custom && !cells.iter().any(|(held, given)| held.name == field.name && given.is_some())
    };
    let missing: Vec<&str> = def.required().filter(is_missing).map(|field| field.name.as_str()).collect();
    if known.is_none() && !missing.is_empty() {
        return Err(format!("Required fields are missing: [{}]", missing.join(", ")));
    }
    put_row(changes, &object, known, values);
    let counter = find(changes.snapshot, &def, name).map(|row| row.counter());
    Ok(Written { def, counter })
}

/// What a record says of each field; `None` where it says nil.
fn cells<'a>(def: &'a ObjectDef, xml: &Element) -> Result<Vec<(&'a FieldDef, Option<String>)>, String> {
    let mut cells: Vec<(&FieldDef, Option<String>)> = Vec::new();
    for entry in xml.all("values") {
        let name = entry.text_of("field").map(str::trim).unwrap_or_default();
        let Some(field) = def.field(name) else {
            return Err(format!("In field: field - no CustomField named {}.{name} found", def.name));
        };
        if cells.iter().any(|(held, _)| held.name == field.name) {
            return Err(format!("Duplicate field: {}", field.name));
        }
        let given = entry.child("value").filter(|value| !value.is_nil());
        cells.push((field, given.map(|value| value.text.clone()).filter(|text| !text.is_empty())));
    }
    Ok(cells)
}

/// A value as a row of any other object would take it.
fn value(field: &FieldDef, given: Option<&str>) -> Result<Value, String> {
    match given {
        None if field.kind == FieldType::Boolean => Ok(Value::Bool(false)),
        None => Ok(Value::Null),
        Some(text) => {
            let text = if field.kind.is_text() { text } else { text.trim() };
            validation::value(field, &Json::from(text)).map_err(|error| error.message)
        }
    }
}

/// Writes the references of a record.
fn references(changes: &mut Changes<'_>, part: &Part, written: &Written) -> Result<(), String> {
    let cells = cells(&written.def, &part.xml)?;
    let mut values = RowValues::new();
    for (field, given) in cells.iter().filter(|(field, _)| field.kind == FieldType::Reference) {
        values.push((field.name.as_str(), referred(changes.snapshot, field, given.as_deref())?));
    }
    if !values.is_empty() {
        put_row(changes, &written.def.name, written.counter, values);
    }
    Ok(())
}

/// The row of a custom metadata record.
pub(super) fn find(snapshot: &Snapshot, def: &ObjectDef, name: &str) -> Option<Row> {
    find_row(snapshot, &def.name, |row| {
        row.value_of("DeveloperName").as_str().is_some_and(|held| held.eq_ignore_ascii_case(name))
    })
}

/// Another record by its name; the name of an entity or field, which is no row, as it stands.
fn referred(snapshot: &Snapshot, field: &FieldDef, given: Option<&str>) -> Result<Value, String> {
    let Some(name) = given.map(str::trim).filter(|name| !name.is_empty()) else { return Ok(Value::Null) };
    let tables: Vec<Arc<ObjectDef>> = field
        .reference_to
        .iter()
        .filter_map(|target| Some(snapshot.table(target)?.def.clone()))
        .filter(|def| def.kind == ObjectKind::CustomMetadata)
        .collect();
    if tables.is_empty() {
        return Ok(Value::Id(name.to_owned()));
    }
    let found = tables.iter().find_map(|def| find(snapshot, def, name));
    found.map(|row| Value::Id(row.id().to_owned())).ok_or_else(|| {
        let kind = tables[0].name.trim_end_matches("__mdt");
        format!("In field: {} - no CustomMetadata named {kind}.{name} found", field.name)
    })
}
