//! Standard and global value sets: which fields take their values from them.

use std::sync::OnceLock;

use crate::model::{FieldDef, FieldType, Picklist};
use crate::state::view::Snapshot;
use crate::xml::Element;

use super::changes::Changes;
use super::picklist;

/// One standard value set and its fields as object and field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StandardValueSet {
    pub name: &'static str,
    pub fields: Vec<(&'static str, &'static str)>,
}

/// All standard value sets; most belong to objects that simorg does not have.
pub fn all() -> &'static [StandardValueSet] {
    static SETS: OnceLock<Vec<StandardValueSet>> = OnceLock::new();
    SETS.get_or_init(|| {
        let lines = include_str!("standard_values.txt").lines().filter(|line| !line.starts_with('#'));
        lines
            .filter_map(|line| {
                let mut words = line.split_whitespace();
                let name = words.next()?;
                Some(StandardValueSet {
                    name,
                    fields: words.filter_map(|word| word.split_once('.')).collect(),
                })
            })
            .collect()
    })
}

/// The set as the org holds it; `None` if it has no field of that set.
pub fn write(snapshot: &Snapshot, name: &str) -> Option<Element> {
    let set = all().iter().find(|set| set.name == name)?;
    let (object, field) = set.fields.first()?;
    let table = snapshot.table(object)?;
    let field = table.def.field(field)?;
    let mut xml = Element::new("StandardValueSet").with(Element::leaf("sorted", "false"));
    for value in &field.picklist_values {
        xml = xml.with(value_xml("standardValue", value));
    }
    Some(xml)
}

pub(super) fn value_xml(element: &str, value: &Picklist) -> Element {
    let mut xml = Element::new(element)
        .with(Element::leaf("fullName", &value.value))
        .with(Element::leaf("default", value.default_value));
    if !value.active {
        xml = xml.with(Element::leaf("isActive", "false"));
    }
    xml.with(Element::leaf("label", &value.label))
}

pub(super) fn apply(changes: &mut Changes<'_>, name: &str, xml: &Element) {
    let Some(set) = all().iter().find(|set| set.name == name) else {
        changes.problem(
            "StandardValueSet",
            name,
            format!("In field: fullName - no StandardValueSet named {name} found"),
        );
        return;
    };
    let values = picklist::values_of(xml);
    if values.is_empty() {
        return;
    }
    for (object, field) in &set.fields {
        let Some(known) = changes.def(object).and_then(|def| def.field(field).cloned()) else { continue };
        changes.put_fields(object, vec![with_values(known, &values)]);
    }
}

/// Fields of a global value set follow it.
pub(super) fn refresh_global(changes: &mut Changes<'_>, name: &str, values: &[Picklist]) {
    let mut following: Vec<(String, FieldDef)> = Vec::new();
    for table in changes.snapshot.tables() {
        let own = table.def.fields.iter().filter(|field| field.metadata.value_set.as_deref() == Some(name));
        following.extend(own.map(|field| (table.def.name.clone(), field.clone())));
    }
    for (object, field) in following {
        changes.put_fields(&object, vec![with_values(field, values)]);
    }
}

/// Values that stay keep what they depend on.
fn with_values(mut field: FieldDef, values: &[Picklist]) -> FieldDef {
    let mut values = values.to_vec();
    for value in &mut values {
        let old = field.picklist_values.iter().find(|old| old.value == value.value);
        value.valid_for = old.and_then(|old| old.valid_for.clone());
    }
    if matches!(field.kind, FieldType::Picklist | FieldType::MultiPicklist) {
        let fixed = field.is_required() || !field.createable;
        let has_default = values.iter().any(|value| value.default_value);
        field.defaulted_on_create = has_default || (field.defaulted_on_create && fixed);
    }
    field.picklist_values = values;
    field
}
