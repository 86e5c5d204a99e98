//! The Objects and fields of these histories, and what their fields may hold.

use serde_json::{Value, json};
use simorg::model::{FieldDef, FieldType};

/// An Object of these histories, the lookup to its parent, and fields that are written.
pub(super) struct Kind {
    pub(super) object: &'static str,
    pub(super) name: Option<&'static str>,
    pub(super) parent: (&'static str, &'static str),
    pub(super) fields: &'static [&'static str],
}

pub(super) const KINDS: [Kind; 5] = [
    Kind {
        object: "Account",
        name: Some("Name"),
        parent: ("ParentId", "Account"),
        fields: &["Site", "Description", "Alpha__c", "Beta__c"],
    },
    Kind {
        object: "Contact",
        name: Some("LastName"),
        parent: ("AccountId", "Account"),
        fields: &["Title", "Birthdate"],
    },
    Kind {
        object: "Project__c",
        name: Some("Name"),
        parent: ("Account__c", "Account"),
        fields: &["Summary__c", "Notes__c"],
    },
    Kind {
        object: "Invoice__c",
        name: None,
        parent: ("Project__c", "Project__c"),
        fields: &["Net__c", "Remarks__c"],
    },
    Kind { object: EXTRA, name: Some("Name"), parent: ("Account__c", "Account"), fields: &["Note__c"] },
];

/// Comes and goes.
pub(super) const EXTRA: &str = "Extra__c";
/// Fields of Account that come, go and change their type.
pub(super) const COMING: [&str; 2] = ["Alpha__c", "Beta__c"];
/// Fields that are hidden and shown.
pub(super) const HIDEABLE: [(&str, &str); 6] = [
    ("Account", "Site"),
    ("Account", "Alpha__c"),
    ("Account", "Beta__c"),
    ("Contact", "Title"),
    ("Invoice__c", "Net__c"),
    ("Project__c", "Summary__c"),
];
pub(super) fn kind(object: usize) -> &'static Kind {
    &KINDS[object % KINDS.len()]
}

pub(super) fn value_of(kind: FieldType, value: usize) -> Value {
    let texts = [json!(null), json!("a"), json!("b"), json!("ü \"q\", c"), json!("two\r\nlines")];
    let numbers = [json!(null), json!(0), json!(12), json!(12.5), json!(-3)];
    let dates = [json!(null), json!("2024-02-29"), json!("1969-12-31")];
    match kind {
        FieldType::Boolean => json!(value.is_multiple_of(2)),
        FieldType::Date => dates[value % dates.len()].clone(),
        kind if kind.is_text() => texts[value % texts.len()].clone(),
        _ => numbers[value % numbers.len()].clone(),
    }
}

pub(super) fn new_field(name: &str, kind: usize) -> FieldDef {
    match kind % 5 {
        0 | 1 => {
            let mut field = FieldDef::plain(name, FieldType::Boolean);
            field.default_value = json!(true);
            field
        }
        2 => FieldDef::plain(name, FieldType::String),
        3 => FieldDef::plain(name, FieldType::Double),
        _ => {
            let mut field = FieldDef::plain(name, FieldType::TextArea);
            field.filterable = false;
            field
        }
    }
}
