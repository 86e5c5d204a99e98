//! Fields as definitions, as particles and, when custom, as rows of their own.

use serde_json::json;

use crate::metadata::schema::write;
use crate::model::{FieldDef, FieldSource, FieldType, ObjectDef, Value};

use super::catalog::{Builder, reference_to_metadata};
use super::entities::{Entity, Flag, optional, publisher, state_of, text};
use super::setup::{child_id, namespace_and_name};

fn whole(number: u32) -> Value {
    Value::Int(i64::from(number))
}

/// What a field is, by the name of the field of its definition that tells it.
const FIELD_FLAGS: [Flag<FieldDef>; 18] = [
    ("IsCalculated", |field| field.calculated),
    ("IsHighScaleNumber", |field| field.high_scale_number),
    ("IsHtmlFormatted", |field| field.html_formatted),
    ("IsNameField", |field| field.name_field),
    ("IsNillable", |field| field.nillable),
    ("IsWorkflowFilterable", |field| field.filterable),
    ("IsCompactLayoutable", |field| field.filterable),
    ("IsFieldHistoryTracked", |field| field.metadata.tracks_history),
    ("IsIndexed", |field| {
        field.external_id
            || field.unique
            || field.id_lookup
            || field.kind == FieldType::Reference
            || field.name == "SystemModstamp"
    }),
    ("IsApiFilterable", |field| field.filterable),
    ("IsApiSortable", |field| field.sortable),
    ("IsListFilterable", |field| field.filterable),
    ("IsListSortable", |field| field.sortable),
    ("IsApiGroupable", |field| field.groupable),
    ("IsListVisible", |_| true),
    ("IsCompound", |field| field.kind.is_compound()),
    ("IsSearchPrefilterable", |field| field.search_prefilterable),
    ("IsPolymorphicForeignKey", |field| field.polymorphic_foreign_key),
];

/// The same for particles.
const PARTICLE_FLAGS: [Flag<FieldDef>; 29] = [
    ("IsAutonumber", |field| field.auto_number),
    ("IsCaseSensitive", |field| field.case_sensitive),
    ("IsUnique", |field| field.unique),
    ("IsCreatable", |field| field.createable),
    ("IsUpdatable", |field| field.updateable),
    ("IsDefaultedOnCreate", |field| field.defaulted_on_create),
    ("IsWriteRequiresMasterRead", |field| field.write_requires_master_read),
    ("IsCalculated", |field| field.calculated),
    ("IsHighScaleNumber", |field| field.high_scale_number),
    ("IsHtmlFormatted", |field| field.html_formatted),
    ("IsNameField", |field| field.name_field),
    ("IsNillable", |field| field.nillable),
    ("IsPermissionable", |field| field.permissionable),
    ("IsEncrypted", |field| field.encrypted),
    ("IsWorkflowFilterable", |field| field.filterable),
    ("IsCompactLayoutable", |field| field.filterable),
    ("IsFieldHistoryTracked", |field| field.metadata.tracks_history),
    ("IsApiFilterable", |field| field.filterable),
    ("IsApiSortable", |field| field.sortable),
    ("IsApiGroupable", |field| field.groupable),
    ("IsListVisible", |_| true),
    ("IsLayoutable", |field| field.createable || field.updateable || field.calculated),
    ("IsDependentPicklist", |field| field.dependent_picklist),
    ("IsDeprecatedAndHidden", |field| field.deprecated_and_hidden),
    ("IsDisplayLocationInDecimal", |field| field.display_location_in_decimal),
    ("IsIdLookup", |field| field.id_lookup),
    ("IsNamePointing", |field| field.name_pointing),
    ("IsCompound", |field| field.kind.is_compound()),
    ("IsComponent", |field| field.compound_field_name.is_some()),
];

pub(super) fn add(builder: &mut Builder, entity: &mut Entity, changed_ms: i64) {
    let def = entity.def.clone();
    for field in &def.fields {
        let durable = durable_of_field(entity, field);
        let is_component = field.name.ends_with("__s")
            || field.compound_field_name.as_deref().is_some_and(|whole| whole.ends_with("Address"));
        // The parts of a compound field are particles of it, not fields of their own.
        let row = if is_component {
            None
        } else {
            Some(field_definition(builder, entity, field, &durable, changed_ms))
        };
        let whole = row.clone().or_else(|| {
            let whole = field.compound_field_name.as_ref()?;
            entity.fields.get(whole).map(|(_, row)| row.clone())
        });
        particle(builder, entity, field, &durable, whole);
        if let Some(row) = row {
            entity.fields.insert(field.name.clone(), (durable, row));
        }
        if field.custom && !is_component {
            custom_field(builder, entity, field);
        }
    }
}

/// `Contact.Account` for a reference, `Contact.00N…` for a custom field.
fn durable_of_field(entity: &Entity, field: &FieldDef) -> String {
    if field.custom {
        return format!("{}.{}", entity.durable, &field_id(&entity.def, field)[..15]);
    }
    let name = if field.kind == FieldType::Reference {
        field.name.strip_suffix("Id").unwrap_or(&field.name)
    } else {
        &field.name
    };
    format!("{}.{name}", entity.durable)
}

fn field_id(def: &ObjectDef, field: &FieldDef) -> String {
    child_id("00N", &format!("{}.{}", def.name, field.name))
}

fn field_definition(
    builder: &mut Builder,
    entity: &Entity,
    field: &FieldDef,
    durable: &str,
    changed_ms: i64,
) -> String {
    let (namespace, developer_name) = namespace_and_name(&field.name);
    let developer_name = if field.kind == FieldType::Reference {
        developer_name.strip_suffix("Id").unwrap_or(developer_name)
    } else {
        developer_name
    };
    let controlling = field.controller_name.as_ref().map(|name| format!("{}.{name}", entity.durable));
    let mut cells = vec![
        ("DurableId", text(durable)),
        ("QualifiedApiName", text(&field.name)),
        ("EntityDefinitionId", text(&entity.durable)),
        ("EntityDefinitionRef", Value::Id(entity.row.clone())),
        ("NamespacePrefix", text(namespace)),
        ("DeveloperName", text(developer_name)),
        ("MasterLabel", text(&field.label)),
        ("Label", text(&field.label)),
        ("Length", whole(field.length)),
        ("Precision", whole(field.precision)),
        ("Scale", whole(field.scale)),
        ("DataType", Value::text(data_type(&entity.def, field))),
        ("ServiceDataTypeId", text(type_word(field.kind))),
        ("ValueTypeId", text(type_word(field.kind))),
        ("ExtraTypeInfo", optional(field.extra_type_info.as_deref())),
        ("ControllingFieldDefinitionId", optional(controlling.as_deref())),
        ("RelationshipName", optional(field.relationship_name.as_deref())),
        ("ReferenceTargetField", optional(field.reference_target_field.as_deref())),
        ("PublisherId", text(publisher(namespace, field.custom))),
        ("Description", optional(field.metadata.description.as_deref())),
        ("ReferenceTo", referred(field)),
        ("LastModifiedDate", if field.custom { Value::DateTime(changed_ms) } else { Value::Null }),
        ("LastModifiedById", if field.custom { Value::Id(builder.admin.clone()) } else { Value::Null }),
    ];
    cells.extend(FIELD_FLAGS.map(|(name, is)| (name, Value::Bool(is(field)))));
    builder.put("FieldDefinition", None, cells)
}

fn referred(field: &FieldDef) -> Value {
    let targets =
        if field.reference_to.is_empty() { serde_json::Value::Null } else { json!(field.reference_to) };
    Value::Text(json!({"referenceTo": targets}).to_string())
}

fn type_word(kind: FieldType) -> &'static str {
    use FieldType as T;
    match kind {
        T::Id => "id",
        T::TextArea => "textarea",
        T::Picklist => "picklist",
        T::MultiPicklist => "multipicklist",
        T::ComboBox => "combobox",
        T::Boolean => "boolean",
        T::Int => "int",
        T::Long => "long",
        T::Double => "double",
        T::Currency => "currency",
        T::Percent => "percent",
        T::Date => "date",
        T::DateTime => "datetime",
        T::Time => "time",
        T::Email => "email",
        T::Phone => "phone",
        T::Url => "url",
        T::Reference => "reference",
        T::Address => "address",
        T::Location => "location",
        T::Base64 => "base64",
        T::EncryptedString => "encryptedstring",
        T::AnyType => "anyType",
        T::String => "string",
    }
}

/// The type as the setup pages spell it: `Text(255) (External ID) (Unique Case Insensitive)`.
fn data_type(object: &ObjectDef, field: &FieldDef) -> String {
    let name = write::type_name(object, field);
    let sized = |word: &str| format!("{word}({})", field.length);
    let decimal =
        |word: &str| format!("{word}({}, {})", field.precision.saturating_sub(field.scale), field.scale);
    let targets = || field.reference_to.join(",");
    if let FieldSource::RollUp(sum) = &field.source {
        return format!("Roll-Up Summary ({} {})", sum.kind.word().to_uppercase(), sum.child);
    }
    let plain = match name {
        "Text" if field.name_field && field.extra_type_info.as_deref() == Some("personname") => {
            "Name".to_owned()
        }
        "Text" if field.kind == FieldType::Id => sized("Lookup"),
        "Text" if !field.calculated => sized("Text"),
        "LongTextArea" => sized("Long Text Area"),
        "Html" => sized("Rich Text Area"),
        "TextArea" => sized("Text Area"),
        "Number" | "Currency" | "Percent" if !field.calculated && field.kind.is_decimal() => decimal(name),
        "Number" if !field.calculated => format!("Number({}, 0)", field.digits.max(8)),
        "MultiselectPicklist" => "Picklist (Multi-Select)".to_owned(),
        "DateTime" => "Date/Time".to_owned(),
        "Url" => "URL".to_owned(),
        "AutoNumber" => "Auto Number".to_owned(),
        "Location" => "Geolocation".to_owned(),
        "EncryptedText" => sized("Text (Encrypted)"),
        "Lookup" | "MetadataRelationship" | "IndirectLookup" => format!("Lookup({})", targets()),
        "MasterDetail" => format!("Master-Detail({})", targets()),
        "ExternalLookup" => format!("External Lookup({})", targets()),
        other => other.to_owned(),
    };
    let mut shown = if field.calculated && matches!(field.source, FieldSource::Formula(_)) {
        format!("Formula ({plain})")
    } else {
        plain
    };
    if field.external_id {
        shown.push_str(" (External ID)");
    }
    if field.unique {
        let case = if field.case_sensitive { "Sensitive" } else { "Insensitive" };
        shown.push_str(" (Unique Case ");
        shown.push_str(case);
        shown.push(')');
    }
    shown
}

fn particle(
    builder: &mut Builder,
    entity: &Entity,
    field: &FieldDef,
    durable_field: &str,
    definition: Option<String>,
) {
    let (namespace, developer_name) = namespace_and_name(&field.name);
    let mut cells = vec![
        ("DurableId", Value::text(format!("{}.{}", entity.durable, field.name))),
        ("QualifiedApiName", text(&field.name)),
        ("Name", text(&field.name)),
        ("EntityDefinitionId", text(&entity.durable)),
        ("EntityDefinitionRef", Value::Id(entity.row.clone())),
        ("FieldDefinitionId", text(durable_field)),
        ("NamespacePrefix", text(namespace)),
        ("DeveloperName", text(developer_name)),
        ("MasterLabel", text(&field.label)),
        ("Label", text(&field.label)),
        ("Length", whole(field.length)),
        ("ByteLength", whole(field.byte_length)),
        ("Digits", whole(field.digits)),
        ("Precision", whole(field.precision)),
        ("Scale", whole(field.scale)),
        ("DataType", text(type_word(field.kind))),
        ("ServiceDataTypeId", text(type_word(field.kind))),
        ("ValueTypeId", text(type_word(field.kind))),
        ("ExtraTypeInfo", optional(field.extra_type_info.as_deref())),
        ("InlineHelpText", optional(field.inline_help_text.as_deref())),
        ("RelationshipName", optional(field.relationship_name.as_deref())),
        ("RelationshipOrder", field.relationship_order.map_or(Value::Null, whole)),
        ("ReferenceTargetField", optional(field.reference_target_field.as_deref())),
        ("Mask", optional(field.mask.as_deref())),
        ("MaskType", optional(field.mask_type.as_deref())),
        ("DefaultValueFormula", optional(field.default_value_formula.as_deref())),
        ("ReferenceTo", referred(field)),
    ];
    cells.extend(definition.map(|row| ("FieldDefinitionRef", Value::Id(row))));
    cells.extend(PARTICLE_FLAGS.map(|(name, is)| (name, Value::Bool(is(field)))));
    builder.put("EntityParticle", None, cells);
}

fn custom_field(builder: &mut Builder, entity: &Entity, field: &FieldDef) {
    let def = &entity.def;
    let full_name = format!("{}.{}", def.name, field.name);
    let (namespace, developer_name) = namespace_and_name(&field.name);
    let component = builder.source.components.get("CustomObject", &def.name).cloned();
    let (created, modified) = component.map(|c| (c.created.clone(), c.modified.clone())).unwrap_or_default();
    let operation = match &field.source {
        FieldSource::RollUp(sum) => sum.kind.word(),
        _ => "",
    };
    let mut cells = builder.audit(&created, &modified);
    cells.extend([
        ("TableEnumOrId", text(&entity.durable)),
        ("DeveloperName", text(developer_name)),
        ("NamespacePrefix", text(namespace)),
        ("ManageableState", text(state_of(namespace))),
        ("EntityDefinitionId", text(&entity.durable)),
        ("EntityDefinitionRef", Value::Id(entity.row.clone())),
        ("FullName", text(&full_name)),
        ("Description", optional(field.metadata.description.as_deref())),
        ("InlineHelpText", optional(field.inline_help_text.as_deref())),
        ("Length", if field.length > 0 { whole(field.length) } else { Value::Null }),
        ("Precision", if field.kind.is_decimal() { whole(field.precision) } else { Value::Null }),
        ("Scale", if field.kind.is_decimal() { whole(field.scale) } else { Value::Null }),
        ("RelationshipLabel", optional(field.metadata.list_label.as_deref())),
        ("SummaryOperation", text(operation)),
        ("Metadata", reference_to_metadata("CustomField", &full_name)),
    ]);
    builder.put("CustomField", Some(&field_id(def, field)), cells);
}
