//! One field of an object. Its serialised form is exactly the field of a describe answer.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::roll_up::RollUp;

/// The `type` of a describe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FieldType {
    Id,
    String,
    TextArea,
    Picklist,
    MultiPicklist,
    ComboBox,
    Boolean,
    Int,
    Long,
    Double,
    Currency,
    Percent,
    Date,
    DateTime,
    Time,
    Email,
    Phone,
    Url,
    Reference,
    Address,
    Location,
    Base64,
    EncryptedString,
    #[serde(rename = "anyType")]
    AnyType,
}

impl FieldType {
    /// Held as `Value::Text`.
    pub fn is_text(self) -> bool {
        use FieldType as T;
        matches!(
            self,
            T::String
                | T::TextArea
                | T::Picklist
                | T::MultiPicklist
                | T::ComboBox
                | T::Email
                | T::Phone
                | T::Url
                | T::EncryptedString
        )
    }

    /// Held as `Value::Number`.
    pub fn is_decimal(self) -> bool {
        matches!(self, FieldType::Double | FieldType::Currency | FieldType::Percent)
    }

    /// Derived from its parts, an object in REST, not selectable in Bulk.
    pub fn is_compound(self) -> bool {
        matches!(self, FieldType::Address | FieldType::Location)
    }

    /// The `soapType` of a describe.
    pub fn soap_type(self) -> &'static str {
        use FieldType as T;
        match self {
            T::Id | T::Reference => "tns:ID",
            T::Boolean => "xsd:boolean",
            T::Int => "xsd:int",
            T::Long => "xsd:long",
            T::Double | T::Currency | T::Percent => "xsd:double",
            T::Date => "xsd:date",
            T::DateTime => "xsd:dateTime",
            T::Time => "xsd:time",
            T::Address => "urn:address",
            T::Location => "urn:location",
            T::Base64 => "xsd:base64Binary",
            T::AnyType => "xsd:anyType",
            _ => "xsd:string",
        }
    }
}

/// One value of a picklist.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Picklist {
    pub active: bool,
    pub default_value: bool,
    pub label: String,
    pub valid_for: Option<String>,
    pub value: String,
}

/// What deleting the target of a reference does to the row that refers to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum OnDelete {
    Clear,
    Cascade,
    Restrict,
}

/// Where the value of a field comes from.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum FieldSource {
    /// Held with the row (or generated for it).
    #[default]
    Stored,
    Id,
    IsDeleted,
    /// An address made of the fields whose names start with this prefix.
    Address(String),
    /// A geolocation made of `<prefix>__Latitude__s` and `<prefix>__Longitude__s`.
    Location(String),
    /// Salutation, first and last name in one text.
    PersonName,
    /// What the row that a reference of this row leads to holds: the reference, and the field there.
    OfParent(String, String),
    /// A formula; describe shows its text.
    Formula(String),
    /// Held with the row, written by the system when details change.
    RollUp(RollUp),
    /// Numbered on insert by a format such as `INV-{0000}`.
    AutoNumber(String),
    /// The body lies beside the row.
    Blob,
    /// Held with the row, shown as a mask to a user without View Encrypted Data.
    Masked,
}

/// What metadata says of a field beyond its describe.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldMetadata {
    pub description: Option<String>,
    pub tracks_history: bool,
    /// The global value set that the picklist takes its values from.
    pub value_set: Option<String>,
    /// The title of the related list on the target of a lookup.
    pub list_label: Option<String>,
}

/// One field of one object, with all 57 attributes of a describe and what simorg needs to play it.
#[expect(clippy::struct_excessive_bools, reason = "the attributes of a describe, one by one")]
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FieldDef {
    pub aggregatable: bool,
    pub ai_prediction_field: bool,
    pub auto_number: bool,
    pub byte_length: u32,
    pub calculated: bool,
    pub calculated_formula: Option<String>,
    pub cascade_delete: bool,
    pub case_sensitive: bool,
    pub compound_field_name: Option<String>,
    pub controller_name: Option<String>,
    pub createable: bool,
    pub custom: bool,
    pub default_value: Json,
    pub default_value_formula: Option<String>,
    pub defaulted_on_create: bool,
    pub dependent_picklist: bool,
    pub deprecated_and_hidden: bool,
    pub digits: u32,
    pub display_location_in_decimal: bool,
    pub encrypted: bool,
    pub external_id: bool,
    pub extra_type_info: Option<String>,
    pub filterable: bool,
    pub filtered_lookup_info: Json,
    pub formula_treat_null_number_as_zero: bool,
    pub groupable: bool,
    pub high_scale_number: bool,
    pub html_formatted: bool,
    pub id_lookup: bool,
    pub inline_help_text: Option<String>,
    pub label: String,
    pub length: u32,
    pub mask: Option<String>,
    pub mask_type: Option<String>,
    pub name: String,
    pub name_field: bool,
    pub name_pointing: bool,
    pub nillable: bool,
    pub permissionable: bool,
    pub picklist_values: Vec<Picklist>,
    pub polymorphic_foreign_key: bool,
    pub precision: u32,
    pub query_by_distance: bool,
    pub reference_target_field: Option<String>,
    pub reference_to: Vec<String>,
    pub relationship_name: Option<String>,
    pub relationship_order: Option<u32>,
    pub restricted_delete: bool,
    pub restricted_picklist: bool,
    pub scale: u32,
    pub search_prefilterable: bool,
    pub soap_type: String,
    pub sortable: bool,
    #[serde(rename = "type")]
    pub kind: FieldType,
    pub unique: bool,
    pub updateable: bool,
    pub write_requires_master_read: bool,

    /// Where the value lies in a row; kept when other fields come or go.
    #[serde(skip)]
    pub slot: usize,
    #[serde(skip)]
    pub source: FieldSource,
    /// For each target: the name of the children's list on it (if any) and what its deletion does here.
    #[serde(skip)]
    pub targets: Vec<(String, Option<String>, OnDelete)>,
    #[serde(skip)]
    pub metadata: FieldMetadata,
}

impl FieldDef {
    /// A plain field of this type with the attributes that real describes give it.
    #[expect(clippy::too_many_lines, reason = "one line for each attribute of a describe")]
    pub fn plain(name: &str, kind: FieldType) -> FieldDef {
        use FieldType as T;
        let groups = !matches!(kind, T::Double | T::Currency | T::Percent | T::DateTime | T::Time);
        FieldDef {
            aggregatable: kind != T::Boolean,
            ai_prediction_field: false,
            auto_number: false,
            byte_length: 0,
            calculated: false,
            calculated_formula: None,
            cascade_delete: false,
            case_sensitive: false,
            compound_field_name: None,
            controller_name: None,
            createable: true,
            custom: name.contains("__"),
            default_value: if kind == T::Boolean { Json::Bool(false) } else { Json::Null },
            default_value_formula: None,
            defaulted_on_create: kind == T::Boolean,
            dependent_picklist: false,
            deprecated_and_hidden: false,
            digits: 0,
            display_location_in_decimal: false,
            encrypted: false,
            external_id: false,
            extra_type_info: None,
            filterable: true,
            filtered_lookup_info: Json::Null,
            formula_treat_null_number_as_zero: false,
            groupable: groups,
            high_scale_number: false,
            html_formatted: false,
            id_lookup: false,
            inline_help_text: None,
            label: label_of(name),
            length: 0,
            mask: None,
            mask_type: None,
            name: name.to_owned(),
            name_field: false,
            name_pointing: false,
            nillable: kind != T::Boolean,
            permissionable: true,
            picklist_values: Vec::new(),
            polymorphic_foreign_key: false,
            precision: 0,
            query_by_distance: kind.is_compound(),
            reference_target_field: None,
            reference_to: Vec::new(),
            relationship_name: None,
            relationship_order: None,
            restricted_delete: false,
            restricted_picklist: false,
            scale: 0,
            search_prefilterable: false,
            soap_type: kind.soap_type().to_owned(),
            sortable: true,
            kind,
            unique: false,
            updateable: true,
            write_requires_master_read: false,
            slot: 0,
            source: FieldSource::Stored,
            targets: Vec::new(),
            metadata: FieldMetadata::default(),
        }
        .with_type_rules()
    }

    fn with_type_rules(mut self) -> FieldDef {
        use FieldType as T;
        match self.kind {
            T::MultiPicklist => {
                self.set_length(4099);
                self.byte_length = 4099;
                self.precision = 4;
                (self.sortable, self.groupable, self.aggregatable) = (false, false, false);
            }
            T::Address | T::Location => {
                self.read_only();
                (self.sortable, self.groupable, self.aggregatable) = (false, false, false);
            }
            T::Base64 | T::AnyType | T::EncryptedString => {
                (self.filterable, self.sortable, self.groupable, self.aggregatable) =
                    (false, false, false, false);
            }
            T::Id | T::Reference => {
                self.length = 18;
                self.byte_length = 18;
            }
            T::ComboBox => (self.groupable, self.permissionable) = (false, false),
            _ => {}
        }
        self
    }

    /// Sets the length in characters, and in bytes as Salesforce counts them.
    pub fn set_length(&mut self, length: u32) {
        self.length = length;
        self.byte_length = length * 3;
    }

    /// Makes this a field whose value the platform computes.
    pub fn calculated(&mut self) {
        self.calculated = true;
        self.groupable = false;
        self.nillable = self.kind != FieldType::Boolean;
        self.defaulted_on_create = false;
        self.read_only();
    }

    /// A master-detail, as against a lookup that merely cascades.
    pub fn is_master_detail(&self) -> bool {
        self.relationship_order.is_some()
    }

    pub fn read_only(&mut self) {
        self.createable = false;
        self.updateable = false;
    }

    /// Must be given on insert: not nillable, writable and without a default.
    pub fn is_required(&self) -> bool {
        self.createable && !self.nillable && !self.defaulted_on_create
    }

    /// False if and only if a new row leaves the field null when it is not given.
    pub(crate) fn fills_itself(&self) -> bool {
        match &self.source {
            FieldSource::AutoNumber(_) | FieldSource::RollUp(_) => true,
            FieldSource::Stored => {
                matches!(self.name.as_str(), "OwnerId" | "RecordTypeId")
                    || self.kind == FieldType::Boolean
                    || !self.default_value.is_null()
                    || self.default_value_formula.is_some()
                    || self.picklist_values.iter().any(|choice| choice.default_value && choice.active)
            }
            _ => false,
        }
    }

    /// The text name of a custom object, which Salesforce fills with the id when it is left out.
    pub(crate) fn custom_name(&self) -> bool {
        self.length == 80 && self.nillable && self.createable
    }

    /// Long text: neither filterable nor sortable, makes query pages small.
    pub fn is_long_text(&self) -> bool {
        self.kind == FieldType::TextArea && !self.filterable
    }
}

/// Fields with what a describe does not tell of them, as a saved org holds them.
pub(super) mod whole {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::{FieldDef, FieldMetadata, FieldSource, OnDelete};

    #[derive(Serialize, Deserialize)]
    struct Whole {
        described: FieldDef,
        slot: usize,
        source: FieldSource,
        targets: Vec<(String, Option<String>, OnDelete)>,
        metadata: FieldMetadata,
    }

    pub(in super::super) fn serialize<S: Serializer>(fields: &[FieldDef], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(fields.iter().map(|field| Whole {
            described: field.clone(),
            slot: field.slot,
            source: field.source.clone(),
            targets: field.targets.clone(),
            metadata: field.metadata.clone(),
        }))
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<FieldDef>, D::Error> {
        let saved: Vec<Whole> = Deserialize::deserialize(from)?;
        let field = |whole: Whole| FieldDef {
            slot: whole.slot,
            source: whole.source,
            targets: whole.targets,
            metadata: whole.metadata,
            ..whole.described
        };
        Ok(saved.into_iter().map(field).collect())
    }
}

/// A label from an API name: `Account_Number__c` and `AccountNumber` both give `Account Number`.
pub fn label_of(name: &str) -> String {
    let bare = name.trim_end_matches("__c").trim_end_matches("__s");
    let bare =
        bare.split_once("__").map_or(bare, |(before, after)| if after.is_empty() { before } else { after });
    let bare = if bare.len() > 2 {
        bare.strip_suffix("Id").map_or(bare.to_owned(), |stem| format!("{stem} ID"))
    } else {
        bare.to_owned()
    };
    let mut label = String::new();
    let mut previous = ' ';
    for letter in bare.chars() {
        let letter = if letter == '_' { ' ' } else { letter };
        if letter.is_uppercase() && previous.is_lowercase() {
            label.push(' ');
        }
        if !(letter == ' ' && previous == ' ') {
            label.push(letter);
        }
        previous = letter;
    }
    label
}
