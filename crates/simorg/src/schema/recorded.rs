//! The objects whose describes were recorded from a real org, attribute by attribute.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value as Json;

use crate::model::{FieldDef, FieldSource, FieldType, ObjectDef, ObjectFlags, ObjectKind, OnDelete};

/// Name and describe of each recorded object.
pub const RECORDED: [(&str, &str); 6] = [
    ("Account", include_str!("recorded/Account.json")),
    ("Case", include_str!("recorded/Case.json")),
    ("Contact", include_str!("recorded/Contact.json")),
    ("Event", include_str!("recorded/Event.json")),
    ("Lead", include_str!("recorded/Lead.json")),
    ("Opportunity", include_str!("recorded/Opportunity.json")),
];

/// By parent, child and field: the name of the list, and what a delete does.
pub(super) type Relations = HashMap<(String, String, String), (Option<String>, OnDelete)>;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Describe {
    name: String,
    label: String,
    label_plural: String,
    key_prefix: Option<String>,
    #[serde(flatten)]
    flags: ObjectFlags,
    fields: Vec<FieldDef>,
    child_relationships: Vec<Child>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Child {
    cascade_delete: bool,
    #[serde(rename = "childSObject")]
    object: String,
    field: String,
    relationship_name: Option<String>,
    restricted_delete: bool,
}

fn describes() -> impl Iterator<Item = Describe> {
    RECORDED.iter().map(|(_, text)| serde_json::from_str(text).expect("the recorded describes are whole"))
}

/// A recorded describe as it was answered.
pub fn recorded_json(object: &str) -> Option<Json> {
    let (_, text) = RECORDED.iter().find(|(name, _)| *name == object)?;
    Some(serde_json::from_str(text).expect("the recorded describes are whole"))
}

/// The recorded list of objects.
pub fn recorded_global() -> Json {
    serde_json::from_str(include_str!("recorded/global.json")).expect("the recorded list is whole")
}

pub(super) fn objects() -> Vec<ObjectDef> {
    describes()
        .map(|describe| {
            let mut fields = describe.fields;
            for (slot, field) in fields.iter_mut().enumerate() {
                field.slot = slot;
                field.source = source(&describe.name, field);
            }
            let prefix = describe.key_prefix.clone().unwrap_or_default();
            let labels = (describe.label, describe.label_plural);
            ObjectDef::new(
                &describe.name,
                labels,
                describe.key_prefix,
                prefix,
                1,
                ObjectKind::Standard,
                describe.flags,
                fields,
            )
        })
        .collect()
}

/// How a case shows its contact ("Case", Object Reference).
const OF_CONTACT: [(&str, &str); 4] = [
    ("ContactPhone", "Phone"),
    ("ContactMobile", "MobilePhone"),
    ("ContactEmail", "Email"),
    ("ContactFax", "Fax"),
];

fn source(object: &str, field: &FieldDef) -> FieldSource {
    let of_contact = OF_CONTACT.iter().find(|(name, _)| object == "Case" && *name == field.name);
    if let Some((_, shown)) = of_contact {
        return FieldSource::OfParent("ContactId".to_owned(), (*shown).to_owned());
    }
    match field.kind {
        FieldType::Id => FieldSource::Id,
        FieldType::Address => FieldSource::Address(field.name.trim_end_matches("Address").to_owned()),
        FieldType::Base64 => FieldSource::Blob,
        _ if field.name == "IsDeleted" => FieldSource::IsDeleted,
        _ if field.auto_number => FieldSource::AutoNumber("{00000000}".to_owned()),
        _ if field.name_field
            && !field.createable
            && field.extra_type_info.as_deref() == Some("personname") =>
        {
            FieldSource::PersonName
        }
        _ => FieldSource::Stored,
    }
}

/// All lists of children that the recorded describes name.
pub(super) fn relations() -> Relations {
    let mut relations = Relations::new();
    for describe in describes() {
        for child in describe.child_relationships {
            let on_delete = match (child.cascade_delete, child.restricted_delete) {
                (_, true) => OnDelete::Restrict,
                (true, false) => OnDelete::Cascade,
                (false, false) => OnDelete::Clear,
            };
            relations.insert(
                (describe.name.clone(), child.object, child.field),
                (child.relationship_name, on_delete),
            );
        }
    }
    relations
}
