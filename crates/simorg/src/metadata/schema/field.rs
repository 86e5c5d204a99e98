//! `CustomField` elements: one element gives one field, or three for a geolocation.
//!
//! Nothing is looked up here but global value sets; whether the targets of a reference exist is asked in `apply.rs`.

use serde_json::json;

use crate::model::{FieldDef, FieldSource, FieldType, OnDelete};
use crate::schema::notation;
use crate::xml::Element;

use super::object::namespace;
use super::picklist::{self, FindSet};
use super::roll_up;

/// What a picklist's or a checkbox's `defaultValue` and the like need to know of their surroundings.
pub(super) struct Place<'a> {
    pub object: &'a str,
    pub find_set: &'a FindSet<'a>,
}

/// The fields that an element describes; the field itself is the last one.
/// Why a field was not taken.
pub(super) enum Refusal {
    /// In the platform's words.
    Wrong(String),
    /// The platform would take it.
    NotSimulated(String),
}

impl From<String> for Refusal {
    fn from(message: String) -> Refusal {
        Refusal::Wrong(message)
    }
}

pub(super) fn parse(place: &Place<'_>, xml: &Element) -> Result<Vec<FieldDef>, Refusal> {
    let name = xml.text_of("fullName").map(str::trim).unwrap_or_default();
    if !name.ends_with("__c") {
        return Err(format!("Custom field name must end with __c: {name}").into());
    }
    let Some(kind) = xml.text_of("type").map(str::trim) else {
        return Err("Must specify 'type' for a CustomField".to_owned().into());
    };
    let label = xml.text_of("label").map(str::trim).filter(|label| !label.is_empty());
    if kind == "Location" {
        return Ok(location(name, label, xml));
    }
    if matches!(kind, "Address" | "File") {
        let message = format!("simorg does not simulate custom fields of type {kind}");
        return Err(Refusal::NotSimulated(message));
    }
    let mut field = of_type(place, name, kind, xml)?;
    // The label of a field of a custom metadata type or setting may be missing in old files.
    label.unwrap_or(&crate::model::field::label_of(name)).clone_into(&mut field.label);
    attributes(&mut field, xml);
    if let Some(formula) = xml.text_of("formula") {
        formula_field(&mut field, formula, xml);
    } else if kind != "Summary" && kind != "AutoNumber" {
        default_value(&mut field, xml);
        required(&mut field, kind, xml);
    }
    Ok(vec![field])
}

fn of_type(place: &Place<'_>, name: &str, kind: &str, xml: &Element) -> Result<FieldDef, String> {
    use FieldType as T;
    let computed = xml.child("formula").is_some();
    Ok(match kind {
        "Text" if computed => sized(name, T::String, 1300),
        "Text" => sized(name, T::String, number(xml, "length", kind, 1, 255)?),
        "TextArea" => {
            let mut field = sized(name, T::TextArea, 255);
            field.extra_type_info = Some("plaintextarea".to_owned());
            field
        }
        "LongTextArea" => long_text(name, "plaintextarea", number(xml, "length", kind, 256, 131_072)?),
        "Html" => {
            let mut field = long_text(name, "richtextarea", number(xml, "length", kind, 256, 131_072)?);
            field.html_formatted = true;
            field
        }
        "EncryptedText" => encrypted(name, xml, number(xml, "length", kind, 1, 175)?),
        "Number" => decimal(name, T::Double, xml, computed)?,
        "Currency" => decimal(name, T::Currency, xml, computed)?,
        "Percent" => decimal(name, T::Percent, xml, computed)?,
        "Checkbox" => FieldDef::plain(name, T::Boolean),
        "Date" => FieldDef::plain(name, T::Date),
        "DateTime" => FieldDef::plain(name, T::DateTime),
        "Time" => FieldDef::plain(name, T::Time),
        "Email" => sized(name, T::Email, 80),
        "Phone" => sized(name, T::Phone, 40),
        "Url" => sized(name, T::Url, 255),
        "Picklist" => {
            let mut field = sized(name, T::Picklist, 255);
            picklist::read(&mut field, xml, place.find_set)?;
            field
        }
        "MultiselectPicklist" => {
            let mut field = FieldDef::plain(name, T::MultiPicklist);
            field.precision = number(xml, "visibleLines", kind, 3, 10)?;
            picklist::read(&mut field, xml, place.find_set)?;
            field
        }
        "Lookup"
        | "MasterDetail"
        | "Hierarchy"
        | "MetadataRelationship"
        | "ExternalLookup"
        | "IndirectLookup" => reference(place, name, kind, xml)?,
        "AutoNumber" => auto_number(name, xml),
        "Summary" => roll_up::field(place.object, name, xml)?,
        other => return Err(format!("'{other}' is not a valid value for the enum 'FieldType'")),
    })
}

fn sized(name: &str, kind: FieldType, length: u32) -> FieldDef {
    let mut field = FieldDef::plain(name, kind);
    field.set_length(length);
    field
}

fn long_text(name: &str, extra: &str, length: u32) -> FieldDef {
    let mut field = sized(name, FieldType::TextArea, length);
    field.extra_type_info = Some(extra.to_owned());
    (field.filterable, field.sortable, field.groupable, field.aggregatable) = (false, false, false, false);
    field
}

/// A number in an element that must be there and lie in a range.
fn number(xml: &Element, name: &str, kind: &str, least: u32, most: u32) -> Result<u32, String> {
    let Some(text) = xml.text_of(name) else {
        return Err(format!("Must specify '{name}' for a CustomField of type {kind}"));
    };
    match text.trim().parse::<u32>() {
        Ok(value) if (least..=most).contains(&value) => Ok(value),
        _ => Err(format!("Invalid {name}: {}; it must be between {least} and {most}", text.trim())),
    }
}

fn decimal(name: &str, kind: FieldType, xml: &Element, computed: bool) -> Result<FieldDef, String> {
    let type_name = xml.text_of("type").map(str::trim).unwrap_or_default();
    let mut field = FieldDef::plain(name, kind);
    field.scale = xml.text_of("scale").and_then(|text| text.trim().parse().ok()).unwrap_or(0);
    field.precision = if computed { 18 } else { number(xml, "precision", type_name, 1, 18)? };
    if field.scale > field.precision {
        return Err("Scale must be less than or equal to precision".to_owned());
    }
    Ok(field)
}

fn encrypted(name: &str, xml: &Element, length: u32) -> FieldDef {
    let mut field = sized(name, FieldType::EncryptedString, length);
    field.encrypted = true;
    field.mask = Some(if xml.text_of("maskChar") == Some("X") { "X" } else { "*" }.to_owned());
    field.mask_type = Some(xml.text_of("maskType").map_or("all", str::trim).to_owned());
    field
}

fn auto_number(name: &str, xml: &Element) -> FieldDef {
    let mut field = sized(name, FieldType::String, 30);
    let format = xml.text_of("displayFormat").map(str::trim).filter(|text| !text.is_empty()).unwrap_or("{0}");
    (field.auto_number, field.defaulted_on_create, field.nillable, field.groupable) =
        (true, true, false, false);
    field.source = FieldSource::AutoNumber(format.to_owned());
    field.read_only();
    field
}

fn location(name: &str, label: Option<&str>, xml: &Element) -> Vec<FieldDef> {
    let mut fields = Vec::new();
    notation::location(name, &mut fields);
    let scale = xml.text_of("scale").and_then(|text| text.trim().parse().ok()).unwrap_or(6);
    let decimal = xml.is_true("displayLocationInDecimal");
    let label = label.map_or_else(|| crate::model::field::label_of(name), str::to_owned);
    let count = fields.len();
    for (at, field) in fields.iter_mut().enumerate() {
        field.display_location_in_decimal = decimal;
        if at + 1 == count {
            attributes(field, xml);
            field.label.clone_from(&label);
        } else {
            field.scale = scale;
            let part = if field.name.ends_with("__Latitude__s") { "Latitude" } else { "Longitude" };
            field.label = format!("{label} ({part})");
        }
    }
    fields
}

fn reference(place: &Place<'_>, name: &str, kind: &str, xml: &Element) -> Result<FieldDef, String> {
    let mut field = FieldDef::plain(name, FieldType::Reference);
    let target = match kind {
        "Hierarchy" => Some("User"),
        _ => xml.text_of("referenceTo").map(str::trim).filter(|target| !target.is_empty()),
    };
    let Some(target) = target else {
        return Err(format!("Must specify 'referenceTo' for a CustomField of type {kind}"));
    };
    if kind == "Hierarchy" && place.object != "User" {
        return Err("Hierarchy fields are allowed on User only".to_owned());
    }
    field.reference_to = vec![target.to_owned()];
    field.relationship_name = Some(format!("{}__r", name.trim_end_matches("__c")));
    field.search_prefilterable = true;
    field.metadata.list_label = xml.text_of("relationshipLabel").map(|text| text.trim().to_owned());
    let list = xml
        .text_of("relationshipName")
        .map(str::trim)
        .filter(|list| !list.is_empty())
        .map(|list| format!("{}{list}__r", namespace(name)));
    let on_delete = match xml.text_of("deleteConstraint").map(str::trim) {
        _ if kind == "MasterDetail" => OnDelete::Cascade,
        Some("Cascade") => OnDelete::Cascade,
        Some("Restrict") => OnDelete::Restrict,
        None if xml.is_true("required") && kind == "Lookup" => OnDelete::Restrict,
        _ => OnDelete::Clear,
    };
    if kind == "MasterDetail" {
        (field.cascade_delete, field.nillable, field.permissionable) = (true, false, false);
        field.updateable = xml.is_true("reparentableMasterDetail");
        field.write_requires_master_read = xml.is_true("writeRequiresMasterRead");
        let order = xml.text_of("relationshipOrder").and_then(|text| text.trim().parse().ok());
        field.relationship_order = Some(order.unwrap_or(0));
    }
    field.cascade_delete |= on_delete == OnDelete::Cascade;
    field.restricted_delete = on_delete == OnDelete::Restrict;
    if kind == "ExternalLookup" || kind == "IndirectLookup" {
        field.extra_type_info = Some(kind.to_lowercase());
        field.reference_target_field = xml.text_of("referenceTargetField").map(|text| text.trim().to_owned());
    }
    if let Some(filter) = xml.child("lookupFilter").filter(|filter| filter.is_true("active")) {
        field.filtered_lookup_info = json!({"controllingFields": [], "dependent": false, "optionalFilter": filter.is_true("isOptional")});
    }
    field.targets = vec![(target.to_owned(), list, on_delete)];
    Ok(field)
}

fn attributes(field: &mut FieldDef, xml: &Element) {
    let text =
        |name: &str| xml.text_of(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    field.inline_help_text = text("inlineHelpText");
    field.metadata.description = text("description");
    field.metadata.tracks_history = xml.is_true("trackHistory");
    field.unique = xml.is_true("unique");
    field.external_id = xml.is_true("externalId");
    field.case_sensitive = xml.is_true("caseSensitive");
    field.id_lookup |= field.external_id || (field.unique && field.kind == FieldType::String);
}

fn formula_field(field: &mut FieldDef, formula: &str, xml: &Element) {
    field.calculated();
    field.defaulted_on_create = false;
    field.calculated_formula = Some(formula.to_owned());
    field.formula_treat_null_number_as_zero =
        xml.text_of("formulaTreatBlanksAs").is_none_or(|text| text.trim() != "BlankAsBlank");
    field.source = FieldSource::Formula(formula.to_owned());
}

/// A checkbox's default is a plain value, every other one a formula.
fn default_value(field: &mut FieldDef, xml: &Element) {
    let Some(given) = xml.text_of("defaultValue").map(str::trim).filter(|text| !text.is_empty()) else {
        return;
    };
    if field.kind == FieldType::Boolean {
        field.default_value = json!(given.eq_ignore_ascii_case("true"));
        return;
    }
    field.default_value_formula = Some(given.to_owned());
    field.defaulted_on_create = true;
    let quoted = given.strip_prefix(['"', '\'']).and_then(|rest| rest.strip_suffix(['"', '\'']));
    if let (Some(text), true) = (quoted, field.kind.is_text()) {
        field.default_value = json!(text);
    }
}

fn required(field: &mut FieldDef, kind: &str, xml: &Element) {
    if xml.is_true("required") && !matches!(kind, "Checkbox" | "MasterDetail") {
        (field.nillable, field.permissionable) = (false, false);
    }
}
