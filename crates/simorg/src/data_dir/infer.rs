//! The custom objects and fields that records need, with types read off all values of a field.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate};
use serde_json::Value as Json;

use crate::model::ObjectDef;
use crate::model::field::label_of;
use crate::schema::notation;
use crate::state::Org;

use super::{Batch, DataDirError};

/// Adds what the records need and the org lacks. `named` tells the object of each named record.
pub(super) fn complete_schema(
    org: &Org,
    batches: &[Batch],
    named: &HashMap<String, String>,
) -> Result<(), DataDirError> {
    let mut objects: BTreeMap<&str, Vec<&Batch>> = BTreeMap::new();
    for batch in batches {
        objects.entry(&batch.object).or_default().push(batch);
    }
    let mut number = 0;
    for object in objects.keys() {
        if org.admin_view().object(object).is_none() && object.ends_with("__c") {
            let plural = format!("{}s", label_of(object));
            let text = format!(
                "= {object} a1{} {plural} | CUDQRTZSL\nS; V; Owner(GU); Name:string(80) N",
                digit(number)
            );
            number += 1;
            for def in notation::objects(&text).map_err(DataDirError::Notation)? {
                org.add_object(def)
                    .map_err(|source| DataDirError::Schema { object: (*object).to_owned(), source })?;
            }
        }
    }
    for (object, batches) in objects {
        let Some(def) = org.admin_view().object(object) else { continue };
        add_fields(org, &def, &batches, named)?;
    }
    Ok(())
}

fn digit(number: u32) -> char {
    char::from_digit(number % 36, 36).unwrap_or('0')
}

fn add_fields(
    org: &Org,
    def: &ObjectDef,
    batches: &[&Batch],
    named: &HashMap<String, String>,
) -> Result<(), DataDirError> {
    let refused = |source| DataDirError::Schema { object: def.name.clone(), source };
    let mut values: Vec<(&str, Vec<&Json>)> = Vec::new();
    for (field, value) in batches.iter().flat_map(|batch| &batch.records).flatten() {
        if def.field(field).is_some() || !field.contains("__") {
            continue;
        }
        match values.iter_mut().find(|(known, _)| known == field) {
            Some((_, list)) => list.push(value),
            None => values.push((field, vec![value])),
        }
    }
    for (field, values) in values {
        if field.ends_with("__Longitude__s") {
            continue;
        }
        if let Some(stem) = field.strip_suffix("__Latitude__s") {
            let mut parts = Vec::new();
            notation::location(&format!("{stem}__c"), &mut parts);
            for part in parts {
                org.add_field(&def.name, part).map_err(refused)?;
            }
            continue;
        }
        let text = format!("{field}{}", type_of(field, &values, def, named));
        let field = notation::field(&text).map_err(DataDirError::Notation)?;
        org.add_field(&def.name, field).map_err(refused)?;
    }
    Ok(())
}

/// `@Name`, as against text that happens to begin with the sign.
pub(super) fn is_reference(value: &Json) -> bool {
    value.as_str().and_then(|text| text.strip_prefix('@')).is_some_and(|name| {
        !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-')
    })
}

/// The type in the notation of the schema.
fn type_of(field: &str, values: &[&Json], def: &ObjectDef, named: &HashMap<String, String>) -> String {
    let values: Vec<&Json> = values.iter().copied().filter(|value| !value.is_null()).collect();
    let texts: Vec<&str> = values.iter().filter_map(|value| value.as_str()).collect();
    let target = texts.iter().find_map(|text| named.get(text.strip_prefix('@')?));
    if let (Some(target), true) = (target, values.iter().all(|value| is_reference(value))) {
        let list = def.label_plural.replace(' ', "_");
        return format!(" > {target} [{list}__r]");
    }
    if !values.is_empty() && values.iter().all(|value| value.is_boolean()) {
        return ":boolean".to_owned();
    }
    if !values.is_empty() && values.iter().all(|value| value.is_number()) {
        let whole = values.iter().all(|value| value.is_i64());
        return if whole { ":double(18,0)" } else { ":double(16,6)" }.to_owned();
    }
    let all = |test: &dyn Fn(&str) -> bool| !texts.is_empty() && texts.iter().all(|text| test(text));
    let longest = texts.iter().map(|text| text.chars().count()).max().unwrap_or(0);
    if all(&|text| text.parse::<NaiveDate>().is_ok()) {
        ":date".to_owned()
    } else if all(&|text| DateTime::parse_from_rfc3339(text).is_ok()) {
        ":datetime".to_owned()
    } else if all(&|text| text.starts_with("http://") || text.starts_with("https://")) && longest <= 255 {
        ":url(255)".to_owned()
    } else if field.contains("Email") && all(&|text| text.contains('@')) {
        ":email(80)".to_owned()
    } else if field.contains("Phone") && longest <= 40 {
        ":phone(40)".to_owned()
    } else if longest > 255 || field.contains("Description") {
        ":textarea(32768) L".to_owned()
    } else {
        ":string(255)".to_owned()
    }
}
