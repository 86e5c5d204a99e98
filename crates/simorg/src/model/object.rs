//! One object (SObject type) of the org: its flags, its fields and the lists of its children.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use super::field::{FieldDef, FieldSource, FieldType, OnDelete};
use super::names::Names;

/// What a describe says an object can do.
#[expect(clippy::struct_excessive_bools, reason = "the attributes of a describe, one by one")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectFlags {
    pub activateable: bool,
    pub createable: bool,
    pub custom: bool,
    pub custom_setting: bool,
    pub deep_cloneable: bool,
    pub deletable: bool,
    pub deprecated_and_hidden: bool,
    pub feed_enabled: bool,
    pub has_subtypes: bool,
    pub is_interface: bool,
    pub is_subtype: bool,
    pub layoutable: bool,
    pub mergeable: bool,
    pub mru_enabled: bool,
    pub queryable: bool,
    pub replicateable: bool,
    pub retrieveable: bool,
    pub searchable: bool,
    pub triggerable: bool,
    pub undeletable: bool,
    pub updateable: bool,
}

/// Kinds of objects that the platform treats in their own way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ObjectKind {
    Standard,
    Custom,
    CustomSetting,
    /// `__mdt`: rows are metadata, no insert by API.
    CustomMetadata,
    /// `__b`: no row API.
    Big,
    Share,
    History,
    Feed,
    /// In describe, never queryable.
    ChangeEvent,
    /// `__e`: can be created, never read.
    PlatformEvent,
    /// `__x`: rows live in another system.
    External,
}

/// What metadata says of an object beyond its describe.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectMetadata {
    pub description: Option<String>,
    /// `ReadWrite`, `Private`, `ControlledByParent` and their like.
    pub sharing_model: Option<String>,
    pub external_sharing_model: Option<String>,
    pub deployment_status: Option<String>,
    /// `Hierarchy` or `List`, of a custom setting.
    pub settings_type: Option<String>,
    pub visibility: Option<String>,
    pub has_activities: bool,
    /// The fields of a big object's index, and whether each descends.
    pub index: Vec<(String, bool)>,
    /// By developer name of the record type and by field: the values that it offers and the default among them.
    pub record_type_values: BTreeMap<String, BTreeMap<String, RecordTypeValues>>,
}

/// The values of one picklist under one record type.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordTypeValues {
    pub values: Vec<String>,
    pub default: Option<String>,
}

/// A reference of another object to this one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChildRelationship {
    pub child: String,
    pub field: String,
    /// `None`: no subquery is possible, but the reference exists.
    pub name: Option<String>,
    pub on_delete: OnDelete,
}

/// A condition under which a record is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValidationRule {
    pub name: String,
    /// True for a record that must not be saved.
    pub formula: String,
    pub message: String,
    /// The field that the error is shown at; without it, the whole record.
    #[serde(default)]
    pub error_field: Option<String>,
    #[serde(default = "active")]
    pub active: bool,
}

fn active() -> bool {
    true
}

/// One object as one user sees it: hidden fields are gone from it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ObjectDef {
    pub name: String,
    pub label: String,
    pub label_plural: String,
    pub key_prefix: Option<String>,
    pub kind: ObjectKind,
    pub flags: ObjectFlags,
    /// `Share`, `History`, `Feed` or `ChangeEvent`, and of which object.
    pub associate: Option<(String, String)>,
    #[serde(with = "super::field::whole")]
    pub fields: Vec<FieldDef>,
    pub children: Vec<ChildRelationship>,
    pub validation_rules: Vec<ValidationRule>,
    /// The three characters that ids carry, also when the describe says null.
    pub id_prefix: String,
    /// Where the counters of this object's ids start; objects that share a prefix start apart.
    pub first_counter: u64,
    pub metadata: ObjectMetadata,
    #[serde(skip)]
    by_name: Names,
    #[serde(skip)]
    chosen: Chosen,
}

/// Which fields writes ask for time and again, by their places: found when first asked for, and again in a copy.
#[derive(Debug, Default)]
struct Chosen(OnceLock<Places>);

#[derive(Debug)]
struct Places {
    references: Vec<usize>,
    roll_ups: Vec<usize>,
    required: Vec<usize>,
    defaulted: Vec<usize>,
    unique: Vec<usize>,
    has_encrypted: bool,
}

impl Clone for Chosen {
    fn clone(&self) -> Chosen {
        Chosen::default()
    }
}

impl ObjectDef {
    #[expect(
        clippy::too_many_arguments,
        reason = "called by the schema loader only, which has just these parts"
    )]
    pub fn new(
        name: &str,
        labels: (String, String),
        key_prefix: Option<String>,
        id_prefix: String,
        first_counter: u64,
        kind: ObjectKind,
        flags: ObjectFlags,
        fields: Vec<FieldDef>,
    ) -> ObjectDef {
        let mut object = ObjectDef {
            name: name.to_owned(),
            label: labels.0,
            label_plural: labels.1,
            key_prefix,
            kind,
            flags,
            associate: None,
            fields,
            children: Vec::new(),
            validation_rules: Vec::new(),
            id_prefix,
            first_counter,
            metadata: ObjectMetadata::default(),
            by_name: Names::default(),
            chosen: Chosen::default(),
        };
        object.reindex();
        object
    }

    /// Rebuilds the index by name after a change of `fields`.
    pub fn reindex(&mut self) {
        self.by_name = Names::of(self.fields.iter().map(|field| field.name.as_str()));
        self.chosen = Chosen::default();
    }

    /// The field of this name, whatever its case.
    pub fn field(&self, name: &str) -> Option<&FieldDef> {
        self.field_index(name).map(|at| &self.fields[at])
    }

    pub fn field_index(&self, name: &str) -> Option<usize> {
        self.by_name.find(name, |at| self.fields[at].name.eq_ignore_ascii_case(name))
    }

    pub(crate) fn references(&self) -> impl Iterator<Item = &FieldDef> {
        self.at(&self.places().references)
    }

    pub(crate) fn roll_ups(&self) -> impl Iterator<Item = &FieldDef> {
        self.at(&self.places().roll_ups)
    }

    /// Fields that must be given on insert.
    pub(crate) fn required(&self) -> impl Iterator<Item = &FieldDef> {
        self.at(&self.places().required)
    }

    /// Fields that a new row may fill by itself.
    pub(crate) fn defaulted(&self) -> impl Iterator<Item = &FieldDef> {
        self.at(&self.places().defaulted)
    }

    pub(crate) fn unique(&self) -> impl Iterator<Item = &FieldDef> {
        self.at(&self.places().unique)
    }

    pub(crate) fn has_encrypted_fields(&self) -> bool {
        self.places().has_encrypted
    }

    fn at<'a>(&'a self, places: &'a [usize]) -> impl Iterator<Item = &'a FieldDef> {
        places.iter().map(|at| &self.fields[*at])
    }

    fn places(&self) -> &Places {
        self.chosen.0.get_or_init(|| {
            let which = |is: &dyn Fn(&FieldDef) -> bool| {
                let chosen = self.fields.iter().enumerate().filter(|(_, field)| is(field));
                chosen.map(|(at, _)| at).collect::<Vec<usize>>()
            };
            Places {
                references: which(&|field| !field.reference_to.is_empty()),
                roll_ups: which(&|field| matches!(field.source, FieldSource::RollUp(_))),
                required: which(&FieldDef::is_required),
                defaulted: which(&FieldDef::fills_itself),
                unique: which(&|field| field.unique),
                has_encrypted: !which(&|field| field.kind == FieldType::EncryptedString).is_empty(),
            }
        })
    }

    /// The field that a relationship name such as `Owner` or `Broker__r` belongs to.
    pub fn relationship(&self, name: &str) -> Option<&FieldDef> {
        self.fields
            .iter()
            .find(|f| f.relationship_name.as_deref().is_some_and(|n| n.eq_ignore_ascii_case(name)))
    }

    /// The children's list of this name, such as `Contacts`.
    pub fn child(&self, relationship: &str) -> Option<&ChildRelationship> {
        self.children.iter().find(|c| c.name.as_deref().is_some_and(|n| n.eq_ignore_ascii_case(relationship)))
    }

    pub fn name_field(&self) -> Option<&FieldDef> {
        self.fields.iter().find(|f| f.name_field)
    }

    /// Deleted rows go to the recycle bin, and can be seen there by queryAll.
    pub fn has_bin(&self) -> bool {
        self.field("IsDeleted").is_some() && !matches!(self.kind, ObjectKind::Share)
    }

    /// The slot that a new field gets.
    pub fn next_slot(&self) -> usize {
        self.fields.iter().map(|f| f.slot + 1).max().unwrap_or(0)
    }
}
