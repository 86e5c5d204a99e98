//! One described version of an Object: what the describe said, reduced to what Holdfast decides by.
//!
//! The describe itself is stored whole in the lake, by hash; this is the reading of it. Keys that
//! are missing are tolerated and keys that are new are ignored, because each Salesforce release adds some.

use serde::{Deserialize, Serialize};

use crate::ids::ObjectName;

/// The describe of one Object.
#[expect(clippy::struct_excessive_bools, reason = "a describe is a list of independent flags")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectSchema {
    pub name: ObjectName,
    #[serde(default)]
    pub label: String,
    #[serde(default)]
    pub key_prefix: Option<String>,
    #[serde(default)]
    pub custom: bool,
    #[serde(default)]
    pub custom_setting: bool,
    #[serde(default)]
    pub queryable: bool,
    #[serde(default)]
    pub replicateable: bool,
    #[serde(default)]
    pub retrieveable: bool,
    #[serde(default)]
    pub undeletable: bool,
    #[serde(default)]
    pub createable: bool,
    #[serde(default)]
    pub updateable: bool,
    /// `Share`, `History`, `Feed` …: what this Object is to the one that it belongs to.
    #[serde(default)]
    pub associate_entity_type: Option<String>,
    #[serde(default)]
    pub fields: Vec<FieldSchema>,
}

/// The describe of one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "these are Salesforce's own describe attributes")]
pub struct FieldSchema {
    pub name: String,
    #[serde(default)]
    pub label: String,
    #[serde(rename = "type")]
    pub kind: FieldKind,
    #[serde(default)]
    pub length: u32,
    #[serde(default)]
    pub precision: u32,
    #[serde(default)]
    pub scale: u32,
    #[serde(default = "yes")]
    pub nillable: bool,
    #[serde(default)]
    pub calculated: bool,
    #[serde(default)]
    pub auto_number: bool,
    #[serde(default)]
    pub encrypted: bool,
    #[serde(default)]
    pub createable: bool,
    #[serde(default)]
    pub updateable: bool,
    #[serde(default = "yes")]
    pub filterable: bool,
    #[serde(default = "yes")]
    pub sortable: bool,
    #[serde(default = "yes")]
    pub groupable: bool,
    #[serde(default = "yes")]
    pub aggregatable: bool,
    #[serde(default)]
    pub name_field: bool,
    #[serde(default)]
    pub external_id: bool,
    #[serde(default)]
    pub reference_to: Vec<String>,
    #[serde(default)]
    pub relationship_name: Option<String>,
    #[serde(default)]
    pub compound_field_name: Option<String>,
}

fn yes() -> bool {
    true
}

/// Salesforce's field types. A type that this version does not know is kept by its name and
/// treated as text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FieldKind {
    Id,
    Reference,
    String,
    TextArea,
    Picklist,
    MultiPicklist,
    Combobox,
    Email,
    Phone,
    Url,
    EncryptedString,
    Boolean,
    Int,
    Long,
    Double,
    Currency,
    Percent,
    Date,
    DateTime,
    Time,
    Address,
    Location,
    Base64,
    AnyType,
    ComplexValue,
    #[serde(untagged)]
    Other(String),
}

impl FieldKind {
    /// A number whose text has more than one spelling for one value.
    pub fn is_number(&self) -> bool {
        matches!(self, Self::Int | Self::Long | Self::Double | Self::Currency | Self::Percent)
    }

    /// Derived from other fields and not selectable in Bulk queries; its parts are captured instead.
    pub fn is_compound(&self) -> bool {
        matches!(self, Self::Address | Self::Location)
    }
}

impl FieldSchema {
    /// True if and only if capture stores this field as a column. Bodies (`base64`) are stored as
    /// blobs, compounds through their parts; junction lists and tooling values are not selectable.
    pub fn is_captured(&self) -> bool {
        !(self.kind.is_compound()
            || matches!(self.kind, FieldKind::Base64 | FieldKind::ComplexValue)
            || matches!(&self.kind, FieldKind::Other(name) if name.eq_ignore_ascii_case("junctionidlist")))
    }

    /// True if and only if a new value of this field means that the record changed. What Salesforce
    /// keeps per viewing user says nothing about the record.
    pub fn is_hashed(&self) -> bool {
        !matches!(self.name.as_str(), "LastViewedDate" | "LastReferencedDate")
    }
}

impl ObjectSchema {
    /// Reads a describe answer (`/sobjects/X/describe`).
    pub fn from_describe(describe: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(describe)
    }

    pub fn field(&self, name: &str) -> Option<&FieldSchema> {
        self.fields.iter().find(|field| field.name.eq_ignore_ascii_case(name))
    }

    /// True if and only if its records go with those of another Object, or are reckoned anew from them, without a
    /// trace in the recycle bin: shares at each change of owner, history and feed with their record.
    pub fn goes_with_its_parent(&self) -> bool {
        self.associate_entity_type.is_some()
    }

    /// True if and only if capture stores a field that Salesforce computes; see [`crate::capture::computed`].
    pub fn has_computed_fields(&self) -> bool {
        self.captured_fields().any(|field| field.calculated)
    }

    /// The columns of this Object, in describe order, `Id` first.
    pub fn captured_fields(&self) -> impl Iterator<Item = &FieldSchema> {
        let id = self.fields.iter().filter(|field| field.name == "Id");
        let rest = self.fields.iter().filter(|field| field.name != "Id");
        id.chain(rest).filter(|field| field.is_captured())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_types_and_keys_are_kept_as_text() {
        let describe = br#"{"name":"X__c","queryable":true,"newKey":1,"fields":[
            {"name":"A__c","type":"hologram"},{"name":"Id","type":"id"},
            {"name":"Where__c","type":"location"},{"name":"Body","type":"base64"}]}"#;

        let schema = ObjectSchema::from_describe(describe).unwrap();

        assert_eq!(schema.fields[0].kind, FieldKind::Other("hologram".into()));
        let columns: Vec<_> = schema.captured_fields().map(|f| f.name.as_str()).collect();
        assert_eq!(columns, ["Id", "A__c"]);
    }
}
