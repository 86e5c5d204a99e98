//! What a write must satisfy before anything is changed, with Salesforce's codes and texts.

mod parse;
mod rules;

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};

use crate::errors::ApiError;
use crate::model::{FieldDef, FieldType, ObjectDef, Value};

pub use rules::rules;

use super::blobs::Body;
use super::lookup;
use super::row::Row;
use super::view::{Snapshot, View};

/// Values by slot, and bodies by field name.
#[derive(Debug, Default)]
pub struct Parsed {
    pub values: Vec<(usize, Value)>,
    pub bodies: Vec<(String, Body)>,
}

/// The value that JSON gives a field.
pub fn value(field: &FieldDef, json: &Json) -> Result<Value, ApiError> {
    parse::value(field, json)
}

/// Reads and checks a record for insert; bodies may come beside it.
pub fn for_insert(
    view: &View,
    def: &ObjectDef,
    record: &Map<String, Json>,
    bodies: Vec<(String, Body)>,
) -> Result<Parsed, ApiError> {
    if record.keys().any(|key| key.eq_ignore_ascii_case("Id")) {
        let message = "cannot specify Id in an insert call";
        return Err(ApiError::record("INVALID_FIELD_FOR_INSERT_UPDATE", message, ["Id"]));
    }
    let mut parsed = fields(view, def, record, |field| field.createable)?;
    add_bodies(def, &mut parsed, bodies, |field| field.createable)?;
    let given: BTreeSet<usize> =
        parsed.values.iter().filter(|(_, v)| !v.is_null()).map(|(slot, _)| *slot).collect();
    let has_body = |field: &FieldDef| parsed.bodies.iter().any(|(name, _)| *name == field.name);
    let missing: Vec<&str> = def
        .required()
        .filter(|field| !given.contains(&field.slot) && !has_body(field))
        .map(|field| field.name.as_str())
        .collect();
    required(&missing)?;
    if def.name == "Event" {
        let fills_days = |(slot, value): &(usize, Value)| {
            *value == Value::Bool(true) && def.field("IsAllDayEvent").is_some_and(|field| field.slot == *slot)
        };
        event_times(def, &given, parsed.values.iter().any(fills_days))?;
    }
    Ok(parsed)
}

/// Reads and checks a record for update of this row.
pub fn for_update(
    view: &View,
    def: &ObjectDef,
    row: &Row,
    record: &Map<String, Json>,
    bodies: Vec<(String, Body)>,
) -> Result<Parsed, ApiError> {
    if record.keys().any(|key| key.eq_ignore_ascii_case("Id")) {
        return Err(ApiError::invalid_field("The Id field should not be specified in the sobject data."));
    }
    let mut parsed = fields(view, def, record, |field| field.updateable)?;
    add_bodies(def, &mut parsed, bodies, |field| field.updateable)?;
    let emptied: Vec<&str> = def
        .fields
        .iter()
        .filter(|field| {
            !field.nillable
                && parsed.values.iter().any(|(slot, value)| *slot == field.slot && value.is_null())
        })
        .map(|field| field.name.as_str())
        .collect();
    required(&emptied)?;
    for field in def.references().filter(|field| field.reference_to.iter().eq([&def.name])) {
        if let Some((_, Value::Id(parent))) = parsed.values.iter().find(|(slot, _)| *slot == field.slot) {
            no_cycle(view, field, row.id(), parent)?;
        }
    }
    Ok(parsed)
}

fn required(missing: &[&str]) -> Result<(), ApiError> {
    if missing.is_empty() {
        return Ok(());
    }
    let message = format!("Required fields are missing: [{}]", missing.join(", "));
    Err(ApiError::record("REQUIRED_FIELD_MISSING", message, missing.iter().copied()))
}

/// An event needs its start and its length or end; one that fills days needs only the first of them.
fn event_times(def: &ObjectDef, given: &BTreeSet<usize>, is_all_day: bool) -> Result<(), ApiError> {
    let has = |name: &str| def.field(name).is_some_and(|field| given.contains(&field.slot));
    let has_start = has("ActivityDateTime") || has("StartDateTime");
    match (has_start || (is_all_day && has("ActivityDate")), is_all_day) {
        (false, _) => required(&["ActivityDateTime"]),
        (true, false) if !has("DurationInMinutes") && !has("EndDateTime") => required(&["DurationInMinutes"]),
        (true, _) => Ok(()),
    }
}

fn fields(
    view: &View,
    def: &ObjectDef,
    record: &Map<String, Json>,
    writable: impl Fn(&FieldDef) -> bool,
) -> Result<Parsed, ApiError> {
    let mut parsed = Parsed::default();
    let mut refused = Vec::new();
    for (name, json) in record {
        if name == "attributes" {
            continue;
        }
        if let Json::Object(key) = json
            && let Some(field) = def.relationship(name)
        {
            if !writable(field) {
                refused.push(field.name.as_str());
                continue;
            }
            let id = by_external_id(view, field, key)?;
            parsed.values.push((field.slot, Value::Id(id)));
            continue;
        }
        let Some(field) = def.field(name) else {
            return Err(ApiError::invalid_field(format!(
                "No such column '{name}' on sobject of type {}",
                def.name
            )));
        };
        if !writable(field) {
            refused.push(field.name.as_str());
            continue;
        }
        if field.kind == FieldType::Base64 {
            if let Some(body) = parse::base64(field, json)? {
                parsed.bodies.push((field.name.clone(), body));
            }
            continue;
        }
        let value = parse::value(field, json)?;
        if let Value::Id(id) = &value {
            reference(view, field, id)?;
        }
        parsed.values.push((field.slot, value));
    }
    all_writable(&refused)?;
    Ok(parsed)
}

/// Adds the bodies that came beside a record.
fn add_bodies(
    def: &ObjectDef,
    parsed: &mut Parsed,
    bodies: Vec<(String, Body)>,
    writable: impl Fn(&FieldDef) -> bool,
) -> Result<(), ApiError> {
    let names = bodies.iter().map(|(name, _)| name.as_str());
    let refused: Vec<&str> = names.filter(|name| !def.field(name).is_some_and(&writable)).collect();
    all_writable(&refused)?;
    parsed.bodies.extend(bodies);
    Ok(())
}

fn all_writable(refused: &[&str]) -> Result<(), ApiError> {
    if refused.is_empty() {
        return Ok(());
    }
    let names = refused.join(", ");
    let message = format!(
        "Unable to create/update fields: {names}. Please check the security settings of this field and verify that it is read/write for your profile or permission set."
    );
    Err(ApiError::record("INVALID_FIELD_FOR_INSERT_UPDATE", message, refused.iter().copied()))
}

/// The target of a reference must be of a right type, exist, and not be deleted.
fn reference(view: &View, field: &FieldDef, id: &str) -> Result<(), ApiError> {
    let snapshot = view.snapshot();
    // The prefix tells the type, also of a row that does not exist.
    let is_of = |name: &String| snapshot.table(name).is_none_or(|t| id.starts_with(&t.def.id_prefix));
    if !field.reference_to.is_empty() && !field.reference_to.iter().any(is_of) {
        let message = format!("{}: id value of incorrect type: {id}", field.label);
        return Err(ApiError::record("FIELD_INTEGRITY_EXCEPTION", message, [field.name.clone()]));
    }
    match Snapshot::find(snapshot, id) {
        None => Err(ApiError::record(
            "INVALID_CROSS_REFERENCE_KEY",
            "invalid cross reference id",
            Vec::<String>::new(),
        )),
        Some(row) if row.is_deleted() => {
            Err(ApiError::record("ENTITY_IS_DELETED", "entity is deleted", Vec::<String>::new()))
        }
        Some(_) => Ok(()),
    }
}

fn by_external_id(view: &View, field: &FieldDef, key: &Map<String, Json>) -> Result<String, ApiError> {
    let entry = key.iter().find(|(name, _)| *name != "attributes");
    let Some((name, wanted)) = entry else {
        return Err(ApiError::invalid_field(format!("Missing an external id for field {}", field.name)));
    };
    // Where the reference may lead to several objects, the attributes tell which one is meant.
    let meant = key.get("attributes").and_then(|attributes| attributes.get("type")).and_then(Json::as_str);
    let is_meant = |target: &&String| meant.is_none_or(|meant| target.eq_ignore_ascii_case(meant));
    let mut found = Vec::new();
    for target in field.reference_to.iter().filter(is_meant) {
        let Some(def) = view.object(target) else { continue };
        let Some(ext) = def.field(name).filter(|f| f.id_lookup) else { continue };
        let wanted = parse::value(ext, wanted)?;
        let rows = lookup::rows_with(view.snapshot(), &def, ext, &wanted);
        found.extend(rows.iter().map(|row| row.id().to_owned()));
    }
    match found.as_slice() {
        [] => {}
        [id] => return Ok(id.clone()),
        several => {
            let message = format!("{name}: more than one record found for external id field: {several:?}")
                .replace('"', "");
            return Err(ApiError::record("DUPLICATE_EXTERNAL_ID", message, Vec::<String>::new()));
        }
    }
    let shown = wanted.as_str().map_or_else(|| wanted.to_string(), str::to_owned);
    let entity = meant.or(field.reference_to.first().map(String::as_str)).unwrap_or_default();
    let message = format!("Foreign key external ID: {shown} not found for field {name} in entity {entity}");
    Err(ApiError::record("INVALID_FIELD", message, Vec::<String>::new()))
}

/// No live row but `own` may hold the same value in a unique field.
pub fn unique(
    view: &View,
    def: &ObjectDef,
    values: &[(usize, Value)],
    own: Option<&str>,
) -> Result<(), ApiError> {
    for field in def.unique() {
        let Some((_, value)) = values.iter().find(|(slot, value)| *slot == field.slot && !value.is_null())
        else {
            continue;
        };
        let holders = lookup::rows_with(view.snapshot(), def, field, value);
        if let Some(id) = holders.iter().map(Row::id).find(|id| own != Some(*id)) {
            let name = &field.name;
            let message =
                format!("duplicate value found: {name} duplicates value on record with id: {}", &id[..15]);
            return Err(ApiError::record("DUPLICATE_VALUE", message, Vec::<String>::new()));
        }
    }
    Ok(())
}

fn no_cycle(view: &View, field: &FieldDef, own: &str, parent: &str) -> Result<(), ApiError> {
    let mut seen = BTreeSet::new();
    let mut next = Some(parent.to_owned());
    while let Some(id) = next.take().filter(|id| seen.insert(id.clone())) {
        if id == own {
            let message = "attempting to violate hierarchy constraints";
            return Err(ApiError::record("CIRCULAR_DEPENDENCY", message, [field.name.clone()]));
        }
        next = Snapshot::find(view.snapshot(), &id).and_then(|row| match row.value(field) {
            Value::Id(id) => Some(id),
            _ => None,
        });
    }
    Ok(())
}
