//! Rows that are metadata: record types and the records of custom metadata types.

use crate::model::{FieldType, ObjectDef, ObjectKind, Value, ids};
use crate::state::Row;
use crate::state::view::Snapshot;

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
    let parts: Vec<&Part> = parts.collect();
    for part in &parts {
        if let Err(message) = record(changes, part, false) {
            changes.problem("CustomMetadata", &part.full_name, message);
        }
    }
    for part in &parts {
        // What could not be made the first time was told then.
        let _ = record(changes, part, true);
    }
}

fn record(changes: &mut Changes<'_>, part: &Part, with_references: bool) -> Result<(), String> {
    let Some((kind, name)) = part.full_name.split_once('.') else {
        return Err("Custom metadata records are named Type.Record".to_owned());
    };
    let object = if kind.ends_with("__mdt") { kind.to_owned() } else { format!("{kind}__mdt") };
    let def = changes.def(&object).filter(|def| def.kind == ObjectKind::CustomMetadata);
    let def = def.ok_or_else(|| format!("In field: fullName - no CustomObject named {object} found"))?;
    let label = part.xml.text_of("label").map_or(name, str::trim);
    let mut values: Vec<(String, Value)> = [
        ("DeveloperName", name),
        ("MasterLabel", label),
        ("Label", label),
        ("Language", "en_US"),
        ("QualifiedApiName", name),
    ]
    .map(|(field, text)| (field.to_owned(), Value::text(text)))
    .into();
    for entry in part.xml.all("values") {
        let field = entry.text_of("field").map(str::trim).unwrap_or_default();
        let Some(field) = def.field(field) else {
            return Err(format!("In field: field - no CustomField named {object}.{field} found"));
        };
        let given = entry.child("value").filter(|value| !value.is_nil()).map(|value| value.text.as_str());
        let value = match field.kind {
            FieldType::Reference if with_references => referred(changes.snapshot, &field.reference_to, given),
            FieldType::Reference => Value::Null,
            FieldType::Boolean => Value::Bool(given.is_some_and(|text| text.trim() == "true")),
            kind => Value::text(given.unwrap_or_default()).retyped(kind),
        };
        values.push((field.name.clone(), value));
    }
    let known = find(changes.snapshot, &def, name).map(|row| row.counter());
    let values = values.iter().map(|(field, value)| (field.as_str(), value.clone())).collect();
    put_row(changes, &object, known, values);
    Ok(())
}

/// The row of a custom metadata record.
pub(super) fn find(snapshot: &Snapshot, def: &ObjectDef, name: &str) -> Option<Row> {
    find_row(snapshot, &def.name, |row| {
        row.value_of("DeveloperName").as_str().is_some_and(|held| held.eq_ignore_ascii_case(name))
    })
}

/// Another record by its name, or the name of an entity or field as it stands.
fn referred(snapshot: &Snapshot, targets: &[String], given: Option<&str>) -> Value {
    let Some(name) = given.map(str::trim).filter(|name| !name.is_empty()) else { return Value::Null };
    let found = targets.iter().find_map(|target| {
        let def = snapshot.table(target)?.def.clone();
        find(snapshot, &def, name).map(|row| Value::Id(row.id().to_owned()))
    });
    found.unwrap_or_else(|| Value::Id(name.to_owned()))
}
