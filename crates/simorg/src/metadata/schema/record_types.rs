//! Record types: rows of `RecordType`, the field that names one, and the picklist values that each offers.

use std::collections::BTreeMap;

use crate::model::{ObjectDef, RecordTypeValues, Value};
use crate::schema::notation;
use crate::state::Row;
use crate::state::view::Snapshot;
use crate::xml::Element;

use super::changes::Changes;
use super::records::{self, RowValues};

pub(super) fn apply(changes: &mut Changes<'_>, object: &str, elements: &[&Element]) {
    let Some(def) = changes.def(object) else { return };
    if elements.is_empty() {
        return;
    }
    for xml in elements {
        record_type(changes, &def, xml);
    }
    if def.field("RecordTypeId").is_none() {
        match notation::field("RecordTypeId > RecordType d") {
            Ok(mut field) => {
                field.metadata.description = None;
                crate::schema::settle_field(&def.name, &mut field);
                changes.put_fields(&def.name, vec![field]);
            }
            Err(error) => changes.problem("RecordType", object, error.to_string()),
        }
    }
}

fn record_type(changes: &mut Changes<'_>, def: &ObjectDef, xml: &Element) {
    let text = |name: &str| xml.text_of(name).map(str::trim).unwrap_or_default();
    let name = text("fullName");
    if text("label").is_empty() {
        let message = "Must specify a non-empty label for the RecordType";
        changes.problem("RecordType", &format!("{}.{name}", def.name), message);
        return;
    }
    let values: RowValues = vec![
        ("Name", Value::text(text("label"))),
        ("DeveloperName", Value::text(name)),
        ("Description", Value::text(text("description"))),
        ("SobjectType", Value::text(&*def.name)),
        ("IsActive", Value::Bool(xml.is_true("active"))),
    ];
    let known = find(changes.snapshot, &def.name, name).map(|row| row.counter());
    records::put_row(changes, "RecordType", known, values);
    let offered = picklists(xml);
    changes.change(&def.name, |def| {
        def.metadata.record_type_values.insert(name.to_owned(), offered);
    });
}

/// The row of a record type.
pub(super) fn find(snapshot: &Snapshot, object: &str, developer_name: &str) -> Option<Row> {
    records::find_row(snapshot, "RecordType", |row| {
        let is = |field: &str, wanted: &str| {
            row.value_of(field).as_str().is_some_and(|held| held.eq_ignore_ascii_case(wanted))
        };
        is("SobjectType", object) && is("DeveloperName", developer_name)
    })
}

fn picklists(xml: &Element) -> BTreeMap<String, RecordTypeValues> {
    let mut picklists = BTreeMap::new();
    for entry in xml.all("picklistValues") {
        let mut offered = RecordTypeValues::default();
        for value in entry.all("values") {
            let given = value.text_of("fullName").unwrap_or_default();
            let name = percent_encoding::percent_decode_str(given)
                .decode_utf8()
                .map_or(given.to_owned(), Into::into);
            if value.is_true("default") {
                offered.default = Some(name.clone());
            }
            offered.values.push(name);
        }
        picklists.insert(entry.text_of("picklist").unwrap_or_default().trim().to_owned(), offered);
    }
    picklists
}
