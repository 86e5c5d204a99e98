//! Objects and fields as a retrieve shows them.
//!
//! Only what can be customised is shown: no system fields, no autonumbers of standard objects, no parts of addresses
//! ("Unsupported Metadata Types" in the Metadata API Developer Guide).

use crate::metadata::NAMESPACE;
use crate::model::{FieldDef, FieldSource, FieldType, ObjectDef, ObjectKind, OnDelete, ValidationRule};
use crate::xml::Element;

use super::{picklist, roll_up, standard_values};

/// A `CustomObject` with its fields.
pub fn object(def: &ObjectDef) -> Element {
    let mut parts = if def.flags.custom { custom_parts(def) } else { standard_parts(def) };
    parts.extend(def.fields.iter().filter_map(|field| self::field(def, field)));
    parts.extend(def.validation_rules.iter().map(validation_rule));
    // Elements stand in the order of their names, and fields in the order of theirs, as Salesforce writes them.
    parts.sort_by(|a, b| (&a.name, a.text_of("fullName")).cmp(&(&b.name, b.text_of("fullName"))));
    Element::new("CustomObject").attribute("xmlns", NAMESPACE).with_all(parts)
}

fn leaves(pairs: &[(&str, &str)]) -> Vec<Element> {
    pairs.iter().map(|(name, text)| Element::leaf(*name, text)).collect()
}

fn standard_parts(def: &ObjectDef) -> Vec<Element> {
    let mut parts = leaves(&[
        ("compactLayoutAssignment", "SYSTEM"),
        ("enableFeeds", if def.flags.feed_enabled { "true" } else { "false" }),
        ("enableHistory", "false"),
    ]);
    if let Some(model) = def.metadata.sharing_model.as_deref() {
        parts.extend(leaves(&[("sharingModel", model)]));
    }
    parts
}

fn custom_parts(def: &ObjectDef) -> Vec<Element> {
    let metadata = &def.metadata;
    let mut parts = Vec::new();
    let mut add = |name: &str, text: Option<&str>| {
        if let Some(text) = text {
            parts.push(Element::leaf(name, text));
        }
    };
    let truth = |is: bool| Some(if is { "true" } else { "false" });
    add("description", metadata.description.as_deref());
    add("label", Some(&def.label));
    add(
        "visibility",
        metadata.visibility.as_deref().or((def.kind == ObjectKind::Custom).then_some("Public")),
    );
    match def.kind {
        ObjectKind::CustomSetting => {
            add("customSettingsType", metadata.settings_type.as_deref().or(Some("Hierarchy")));
            add("enableFeeds", truth(false));
        }
        ObjectKind::CustomMetadata => add("pluralLabel", Some(&def.label_plural)),
        ObjectKind::Big => {
            add("deploymentStatus", metadata.deployment_status.as_deref().or(Some("Deployed")));
            add("pluralLabel", Some(&def.label_plural));
        }
        ObjectKind::PlatformEvent => {
            add("deploymentStatus", metadata.deployment_status.as_deref().or(Some("Deployed")));
            add("eventType", Some("HighVolume"));
            add("pluralLabel", Some(&def.label_plural));
            add("publishBehavior", Some("PublishAfterCommit"));
        }
        _ => {
            let model = metadata.sharing_model.as_deref().unwrap_or_else(|| default_sharing(def));
            add("allowInChatterGroups", truth(false));
            add("compactLayoutAssignment", Some("SYSTEM"));
            add("deploymentStatus", metadata.deployment_status.as_deref().or(Some("Deployed")));
            add("enableActivities", truth(metadata.has_activities));
            add("enableBulkApi", truth(true));
            add("enableFeeds", truth(def.flags.feed_enabled));
            add("enableHistory", truth(def.fields.iter().any(|field| field.metadata.tracks_history)));
            add("enableLicensing", truth(false));
            add("enableReports", truth(true));
            add("enableSearch", truth(def.flags.searchable));
            add("enableSharing", truth(true));
            add("enableStreamingApi", truth(true));
            add("externalSharingModel", metadata.external_sharing_model.as_deref().or(Some(model)));
            add("pluralLabel", Some(&def.label_plural));
            add("sharingModel", Some(model));
        }
    }
    if let Some(name) = def.name_field().filter(|_| def.kind == ObjectKind::Custom) {
        parts.push(name_field(name));
    }
    if !metadata.index.is_empty() {
        parts.push(index(def));
    }
    parts
}

/// What the object's fields say of it when no metadata did.
pub fn default_sharing(def: &ObjectDef) -> &'static str {
    if def.fields.iter().any(FieldDef::is_master_detail) { "ControlledByParent" } else { "ReadWrite" }
}

fn name_field(field: &FieldDef) -> Element {
    let mut xml = Element::new("nameField");
    if let FieldSource::AutoNumber(format) = &field.source {
        xml = xml.with(Element::leaf("displayFormat", format));
    }
    let kind = if field.auto_number { "AutoNumber" } else { "Text" };
    xml.with(Element::leaf("label", &field.label))
        .with(Element::leaf("trackHistory", field.metadata.tracks_history))
        .with(Element::leaf("type", kind))
}

fn index(def: &ObjectDef) -> Element {
    let mut xml = Element::new("indexes")
        .with(Element::leaf("fullName", def.name.replace("__b", "Index")))
        .with(Element::leaf("label", format!("{} Index", def.label)));
    for (name, descends) in &def.metadata.index {
        let direction = if *descends { "DESC" } else { "ASC" };
        let entry = Element::new("fields")
            .with(Element::leaf("name", name))
            .with(Element::leaf("sortDirection", direction));
        xml = xml.with(entry);
    }
    xml
}

fn validation_rule(rule: &ValidationRule) -> Element {
    let mut xml = Element::new("validationRules")
        .with(Element::leaf("fullName", &rule.name))
        .with(Element::leaf("active", rule.active))
        .with(Element::leaf("errorConditionFormula", &rule.formula));
    if let Some(field) = &rule.error_field {
        xml = xml.with(Element::leaf("errorDisplayField", field));
    }
    xml.with(Element::leaf("errorMessage", &rule.message))
}

/// A field as a `fields` element; `None` if it is not for metadata to show.
pub fn field(object: &ObjectDef, field: &FieldDef) -> Option<Element> {
    if field.name.ends_with("__s") {
        return None;
    }
    // A recorded describe may call a custom field a standard one. Its name tells; what is retrieved has to deploy again.
    let is_custom = field.custom || field.name.ends_with("__c");
    let parts = if is_custom { custom_field(object, field) } else { standard_field(object, field)? };
    let mut parts: Vec<Element> = parts.into_iter().collect();
    parts.sort_by(|a, b| a.name.cmp(&b.name));
    Some(Element::new("fields").with(Element::leaf("fullName", &field.name)).with_all(parts))
}

fn standard_field(object: &ObjectDef, field: &FieldDef) -> Option<Vec<Element>> {
    let is_writable = field.createable || field.updateable || field.kind == FieldType::Address;
    let is_part = field.compound_field_name.as_deref().is_some_and(|whole| whole.ends_with("Address"));
    let is_name = object.flags.custom && field.name_field;
    if !is_writable
        || is_part
        || is_name
        || field.auto_number
        || object.flags.custom && field.name != "OwnerId"
    {
        return None;
    }
    let mut parts = vec![Element::leaf("trackHistory", field.metadata.tracks_history)];
    if let Some(help) = &field.inline_help_text {
        parts.push(Element::leaf("inlineHelpText", help));
    }
    let kind = match field.kind {
        FieldType::Reference => Some("Lookup"),
        FieldType::Picklist => Some("Picklist"),
        FieldType::MultiPicklist => Some("MultiselectPicklist"),
        _ => None,
    };
    parts.extend(kind.map(|kind| Element::leaf("type", kind)));
    Some(parts)
}

fn custom_field(object: &ObjectDef, field: &FieldDef) -> Vec<Element> {
    let kind = type_name(object, field);
    let mut parts = vec![Element::leaf("label", &field.label), Element::leaf("type", kind)];
    let mut add = |name: &str, text: &str| parts.push(Element::leaf(name, text));
    let truth = |is: bool| if is { "true" } else { "false" };
    if let Some(text) = &field.metadata.description {
        add("description", text);
    }
    if let Some(text) = &field.inline_help_text {
        add("inlineHelpText", text);
    }
    if kind != "MasterDetail" && field.kind != FieldType::Location {
        add("externalId", truth(field.external_id));
    }
    if !matches!(
        object.kind,
        ObjectKind::CustomMetadata | ObjectKind::CustomSetting | ObjectKind::Big | ObjectKind::PlatformEvent
    ) {
        add("trackHistory", truth(field.metadata.tracks_history));
        add("trackTrending", "false");
    }
    if field.calculated {
        computed(field, &mut parts);
        return parts;
    }
    if kind != "Checkbox" && kind != "MasterDetail" && kind != "AutoNumber" {
        add("required", truth(!field.nillable));
    }
    if matches!(kind, "Text" | "Email" | "Number") {
        add("unique", truth(field.unique));
        if field.unique {
            add("caseSensitive", truth(field.case_sensitive));
        }
    }
    match (&field.default_value_formula, field.kind) {
        (Some(formula), _) => add("defaultValue", formula),
        (None, FieldType::Boolean) => {
            add("defaultValue", truth(field.default_value == serde_json::Value::Bool(true)));
        }
        _ => {}
    }
    by_type(object, field, kind, &mut parts);
    parts
}

/// The `type` of a `CustomField`.
pub fn type_name(object: &ObjectDef, field: &FieldDef) -> &'static str {
    use FieldType as T;
    if matches!(field.source, FieldSource::RollUp(_)) {
        return "Summary";
    }
    if field.auto_number {
        return "AutoNumber";
    }
    match field.kind {
        T::TextArea if field.html_formatted => "Html",
        T::TextArea if field.is_long_text() => "LongTextArea",
        T::TextArea => "TextArea",
        T::Picklist | T::ComboBox => "Picklist",
        T::MultiPicklist => "MultiselectPicklist",
        T::Boolean => "Checkbox",
        T::Int | T::Long | T::Double => "Number",
        T::Currency => "Currency",
        T::Percent => "Percent",
        T::Date => "Date",
        T::DateTime => "DateTime",
        T::Time => "Time",
        T::Email => "Email",
        T::Phone => "Phone",
        T::Url => "Url",
        T::Location => "Location",
        T::Address => "Address",
        T::EncryptedString => "EncryptedText",
        T::Base64 => "File",
        T::Reference if field.is_master_detail() => "MasterDetail",
        T::Reference if object.kind == ObjectKind::CustomMetadata => "MetadataRelationship",
        T::Reference => match field.extra_type_info.as_deref() {
            Some("externallookup") => "ExternalLookup",
            Some("indirectlookup") => "IndirectLookup",
            _ if object.name == "User" && field.reference_to == ["User"] => "Hierarchy",
            _ => "Lookup",
        },
        T::String | T::Id | T::AnyType => "Text",
    }
}

fn computed(field: &FieldDef, parts: &mut Vec<Element>) {
    let mut add = |name: &str, text: &str| parts.push(Element::leaf(name, text));
    if let FieldSource::RollUp(sum) = &field.source {
        add("summaryForeignKey", &format!("{}.{}", sum.child, sum.via));
        if !sum.of.is_empty() {
            add("summarizedField", &format!("{}.{}", sum.child, sum.of));
        }
        add("summaryOperation", sum.kind.word());
        parts.extend(sum.filters.iter().map(|filter| roll_up::filter_xml(&sum.child, filter)));
        return;
    }
    add("formula", field.calculated_formula.as_deref().unwrap_or_default());
    let blanks = if field.formula_treat_null_number_as_zero { "BlankAsZero" } else { "BlankAsBlank" };
    add("formulaTreatBlanksAs", blanks);
    add("required", "false");
    if field.kind.is_decimal() {
        add("precision", &field.precision.to_string());
        add("scale", &field.scale.to_string());
    }
    if field.kind == FieldType::String {
        add("unique", "false");
    }
}

fn by_type(object: &ObjectDef, field: &FieldDef, kind: &str, parts: &mut Vec<Element>) {
    let mut add = |name: &str, text: &str| parts.push(Element::leaf(name, text));
    let truth = |is: bool| if is { "true" } else { "false" };
    match kind {
        "Text" => add("length", &field.length.to_string()),
        "LongTextArea" | "Html" => {
            add("length", &field.length.to_string());
            add("visibleLines", if kind == "Html" { "25" } else { "3" });
        }
        "EncryptedText" => {
            add("length", &field.length.to_string());
            add("maskChar", if field.mask.as_deref() == Some("X") { "X" } else { "asterisk" });
            add("maskType", field.mask_type.as_deref().unwrap_or("all"));
        }
        "Number" | "Currency" | "Percent" => {
            let whole = field.digits.max(1);
            add("precision", &if field.kind.is_decimal() { field.precision } else { whole }.to_string());
            add("scale", &field.scale.to_string());
        }
        "Location" => {
            add("displayLocationInDecimal", truth(field.display_location_in_decimal));
            let part =
                object.fields.iter().find(|part| part.compound_field_name.as_deref() == Some(&field.name));
            add("scale", &part.map_or(6, |part| part.scale).to_string());
        }
        "AutoNumber" => {
            if let FieldSource::AutoNumber(format) = &field.source {
                add("displayFormat", format);
            }
        }
        "Picklist" | "MultiselectPicklist" => {
            if kind == "MultiselectPicklist" {
                add("visibleLines", &field.precision.to_string());
            }
            parts.push(value_set(object, field));
        }
        _ if field.kind == FieldType::Reference => reference(field, kind, parts),
        _ => {}
    }
}

fn reference(field: &FieldDef, kind: &str, parts: &mut Vec<Element>) {
    let mut add = |name: &str, text: &str| parts.push(Element::leaf(name, text));
    let truth = |is: bool| if is { "true" } else { "false" };
    if kind != "Hierarchy" {
        add("referenceTo", field.reference_to.first().map_or("", String::as_str));
    }
    let target = field.targets.first();
    if let Some(list) = target.and_then(|(_, list, _)| list.as_deref()) {
        let own = list.strip_suffix("__r").unwrap_or(list);
        add("relationshipLabel", field.metadata.list_label.as_deref().unwrap_or(own));
        add("relationshipName", own.rsplit("__").next().unwrap_or(own));
    }
    if kind == "MasterDetail" {
        add("relationshipOrder", &field.relationship_order.unwrap_or(0).to_string());
        add("reparentableMasterDetail", truth(field.updateable));
        add("writeRequiresMasterRead", truth(field.write_requires_master_read));
    } else if kind == "Lookup" {
        let constraint = match target.map(|(_, _, on_delete)| *on_delete) {
            Some(OnDelete::Cascade) => "Cascade",
            Some(OnDelete::Restrict) => "Restrict",
            _ => "SetNull",
        };
        add("deleteConstraint", constraint);
    }
    if let Some(target) = &field.reference_target_field {
        add("referenceTargetField", target);
    }
}

fn value_set(object: &ObjectDef, field: &FieldDef) -> Element {
    let mut set = Element::new("valueSet");
    if let Some(controller) = &field.controller_name {
        set = set.with(Element::leaf("controllingField", controller));
    }
    if field.restricted_picklist {
        set = set.with(Element::leaf("restricted", "true"));
    }
    if let Some(name) = &field.metadata.value_set {
        set = set.with(Element::leaf("valueSetName", name));
    } else {
        let mut definition = Element::new("valueSetDefinition").with(Element::leaf("sorted", "false"));
        for value in &field.picklist_values {
            definition = definition.with(standard_values::value_xml("value", value));
        }
        set = set.with(definition);
    }
    let controller = field.controller_name.as_deref().and_then(|name| object.field(name));
    for value in &field.picklist_values {
        let (Some(controller), Some(valid_for)) = (controller, &value.valid_for) else { continue };
        let allowed = picklist::allowed_by(valid_for, controller);
        if !allowed.is_empty() {
            let settings = Element::new("valueSettings")
                .with_all(allowed.iter().map(|word| Element::leaf("controllingFieldValue", word)))
                .with(Element::leaf("valueName", &value.value));
            set = set.with(settings);
        }
    }
    set
}
