//! How an Object can be captured, read from its describe.

use serde::{Deserialize, Serialize};

use crate::schema::ObjectSchema;

/// The way to read one Object whole and to learn what changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "way")]
pub enum CaptureMethod {
    /// Time windows over this field.
    Windows { stamp: String },
    /// No time field to filter by: read whole each time and compared.
    Whole,
    /// Salesforce demands a filter on parents: read for batches of parent ids, and compared.
    ByParent { parent: String, field: String },
    /// Cannot be read by queries at all.
    None { reason: String },
}

/// Time fields in order of preference: the first that exists and may be filtered is the stamp.
const STAMPS: [&str; 4] = ["SystemModstamp", "LastModifiedDate", "CreatedDate", "LoginTime"];

/// Objects that Salesforce answers only for a given parent (Object Reference, and the public
/// connectors' lists of restricted objects): object, object that has the ids, field to filter by.
const BY_PARENT: [(&str, &str, &str); 4] = [
    ("ContentDocumentLink", "ContentDocument", "ContentDocumentId"),
    ("ContentFolderItem", "ContentFolder", "ParentContentFolderId"),
    ("ContentFolderMember", "ContentFolder", "ParentContentFolderId"),
    ("CollaborationGroupRecord", "CollaborationGroup", "CollaborationGroupId"),
];

/// Views and per-user lists that are queryable by name, but hold nothing of their own.
const NOT_DATA: [&str; 10] = [
    "ActivityHistory",
    "AttachedContentDocument",
    "CombinedAttachment",
    "LookedUpFromActivity",
    "NoteAndAttachment",
    "OpenActivity",
    "OwnedContentDocument",
    "ProcessInstanceHistory",
    "RecentlyViewed",
    "UserRecordAccess",
];

pub const NOT_QUERYABLE: &str = "Salesforce says that it cannot be queried";

/// Chooses how `schema` is captured. What turns out otherwise when tried is remembered by the caller.
pub fn capture_method(schema: &ObjectSchema) -> CaptureMethod {
    let name = schema.name.as_str();
    if let Some(reason) = not_capturable(schema) {
        return CaptureMethod::None { reason: reason.to_owned() };
    }
    if let Some((_, parent, field)) = BY_PARENT.iter().find(|(object, ..)| *object == name) {
        return CaptureMethod::ByParent { parent: (*parent).to_owned(), field: (*field).to_owned() };
    }
    let is_small_by_nature = name.ends_with("__mdt");
    let stamp = STAMPS.iter().find_map(|stamp| schema.field(stamp).filter(|field| field.filterable));
    match stamp {
        Some(field) if !is_small_by_nature => CaptureMethod::Windows { stamp: field.name.clone() },
        _ => CaptureMethod::Whole,
    }
}

fn not_capturable(schema: &ObjectSchema) -> Option<&'static str> {
    let name = schema.name.as_str();
    if !schema.queryable {
        return Some(NOT_QUERYABLE);
    }
    if schema.field("Id").is_none() {
        return Some("its records have no Id");
    }
    let by_suffix = [
        ("ChangeEvent", "it is a stream of events, not records"),
        ("__e", "it is a stream of events, not records"),
        ("__x", "its records live in another system"),
        ("__hd", "it is computed by Salesforce from history"),
    ];
    if let Some((_, reason)) = by_suffix.iter().find(|(suffix, _)| name.ends_with(suffix)) {
        return Some(reason);
    }
    NOT_DATA.contains(&name).then_some("it is a view of other objects' records")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(name: &str, fields: &[&str]) -> ObjectSchema {
        let fields: Vec<_> = fields
            .iter()
            .map(|field| serde_json::json!({"name": field, "type": if *field == "Id" {"id"} else {"datetime"}}))
            .collect();
        let describe = serde_json::json!({"name": name, "queryable": true, "fields": fields});
        serde_json::from_value(describe).unwrap()
    }

    #[test]
    fn each_kind_of_object_has_its_way() {
        let windows = |stamp: &str| CaptureMethod::Windows { stamp: stamp.into() };
        for (object, fields, expected) in [
            ("Account", &["Id", "CreatedDate", "SystemModstamp"][..], windows("SystemModstamp")),
            ("AccountShare", &["Id", "LastModifiedDate"], windows("LastModifiedDate")),
            ("AccountHistory", &["Id", "CreatedDate"], windows("CreatedDate")),
            ("LoginHistory", &["Id", "LoginTime"], windows("LoginTime")),
            ("TaskStatus", &["Id"], CaptureMethod::Whole),
            ("Kind__mdt", &["Id", "SystemModstamp"], CaptureMethod::Whole),
        ] {
            assert_eq!(capture_method(&schema(object, fields)), expected, "{object}");
        }
        for object in ["AccountChangeEvent", "Order__e", "Outside__x", "RecentlyViewed"] {
            assert!(
                matches!(capture_method(&schema(object, &["Id"])), CaptureMethod::None { .. }),
                "{object}"
            );
        }
        let link = capture_method(&schema("ContentDocumentLink", &["Id", "SystemModstamp"]));
        assert!(matches!(link, CaptureMethod::ByParent { .. }));
    }
}
