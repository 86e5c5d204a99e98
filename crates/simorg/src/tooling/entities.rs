//! Objects, fields and relationships as definitions.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::json;

use crate::metadata::Component;
use crate::metadata::schema::write;
use crate::model::{FieldDef, FieldSource, FieldType, ObjectDef, ObjectKind, OnDelete, Value};

use super::catalog::{Builder, reference_to_metadata};
use super::setup::{child_id, namespace_and_name};

/// One object as the rows that hang on it need it.
pub(super) struct Entity {
    pub(super) def: Arc<ObjectDef>,
    pub(super) durable: String,
    /// The id of its row in the catalog.
    pub(super) row: String,
    /// By field name: durable id and row of each field.
    pub(super) fields: HashMap<String, (String, String)>,
}

/// All objects by name.
pub(super) type Entities = HashMap<String, Entity>;

pub(super) fn text(text: &str) -> Value {
    Value::text(text)
}

fn optional(text: Option<&str>) -> Value {
    Value::text(text.unwrap_or_default())
}

fn whole(number: u32) -> Value {
    Value::Int(i64::from(number))
}

pub(super) fn add(builder: &mut Builder) -> Entities {
    let mut entities = Entities::new();
    let tables: Vec<_> = builder.source.tables().map(|table| (table.def.clone(), table.changed_ms)).collect();
    for (def, changed_ms) in &tables {
        let component = builder.source.components.get("CustomObject", &def.name).cloned();
        let durable = durable_of_object(def, component.as_deref());
        let row = entity(builder, def, &durable, *changed_ms);
        if def.flags.custom {
            custom_object(builder, def, component.as_deref());
        }
        entities.insert(def.name.clone(), Entity { def: def.clone(), durable, row, fields: HashMap::new() });
    }
    for (def, changed_ms) in &tables {
        let entity = entities.get_mut(&def.name).expect("just added");
        fields(builder, entity, *changed_ms);
    }
    relationships(builder, &entities);
    entities
}

/// The name of a standard object, 15 characters of the definition's id of a custom one.
fn durable_of_object(def: &ObjectDef, component: Option<&Component>) -> String {
    if !def.flags.custom {
        return def.name.clone();
    }
    object_id(def, component)[..15].to_owned()
}

fn object_id(def: &ObjectDef, component: Option<&Component>) -> String {
    component
        .map(|component| component.id.clone())
        .filter(|id| !id.is_empty())
        .unwrap_or_else(|| child_id("01I", &def.name))
}

fn entity(builder: &mut Builder, def: &ObjectDef, durable: &str, changed_ms: i64) -> String {
    let flags = &def.flags;
    let is_main = matches!(def.kind, ObjectKind::Standard | ObjectKind::Custom);
    let (namespace, developer_name) = namespace_and_name(&def.name);
    let sharing = sharing_model(def);
    let prefix = def.key_prefix.as_deref().unwrap_or_default();
    let link =
        |path: &str| Value::text(if flags.layoutable { format!("/{prefix}{path}") } else { String::new() });
    let bools = [
        ("IsCustomizable", is_main && flags.layoutable || flags.custom),
        ("IsApexTriggerable", flags.triggerable),
        ("IsWorkflowEnabled", is_main && flags.layoutable),
        ("IsProcessEnabled", is_main && flags.layoutable),
        ("IsCompactLayoutable", flags.layoutable),
        ("IsCustomSetting", flags.custom_setting),
        ("IsReplicateable", flags.replicateable),
        ("IsRetrieveable", flags.retrieveable),
        ("IsSearchLayoutable", flags.searchable),
        ("IsSearchable", flags.searchable),
        ("IsTriggerable", flags.triggerable),
        ("IsIdEnabled", flags.retrieveable),
        ("IsEverCreatable", flags.createable),
        ("IsEverUpdatable", flags.updateable),
        ("IsEverDeletable", flags.deletable),
        ("IsFeedEnabled", flags.feed_enabled),
        ("IsQueryable", flags.queryable),
        ("IsMruEnabled", flags.mru_enabled),
        ("IsLayoutable", flags.layoutable),
    ];
    let mut cells = vec![
        ("DurableId", text(durable)),
        ("QualifiedApiName", text(&def.name)),
        ("NamespacePrefix", text(namespace)),
        ("DeveloperName", text(developer_name)),
        ("MasterLabel", text(&def.label)),
        ("Label", text(&def.label)),
        ("PluralLabel", text(&def.label_plural)),
        ("KeyPrefix", text(prefix)),
        ("DeploymentStatus", optional(if flags.custom { Some("Deployed") } else { None })),
        (
            "DefaultCompactLayoutId",
            Value::text(if flags.layoutable { format!("{}.SYSTEM", def.name) } else { String::new() }),
        ),
        ("DetailUrl", link("{ID}")),
        ("EditUrl", link("{ID}/e")),
        ("NewUrl", link("/e")),
        ("PublisherId", text(publisher(namespace, flags.custom))),
        ("InternalSharingModel", optional(sharing)),
        ("ExternalSharingModel", optional(def.metadata.external_sharing_model.as_deref().or(sharing))),
        ("Description", optional(def.metadata.description.as_deref())),
        ("LastModifiedDate", if flags.custom { Value::DateTime(changed_ms) } else { Value::Null }),
        ("LastModifiedById", if flags.custom { Value::Id(builder.admin.clone()) } else { Value::Null }),
        ("RecordTypesSupported", Value::Text(json!({"recordTypeInfos": []}).to_string())),
    ];
    cells.extend(bools.map(|(name, is)| (name, Value::Bool(is))));
    builder.put("EntityDefinition", None, cells)
}

fn publisher(namespace: &str, is_custom: bool) -> &str {
    match (namespace.is_empty(), is_custom) {
        (false, _) => namespace,
        (true, true) => "<local>",
        (true, false) => "System",
    }
}

/// `None` for objects that have no setting of their own.
fn sharing_model(def: &ObjectDef) -> Option<&str> {
    let own = def.metadata.sharing_model.as_deref();
    match def.kind {
        ObjectKind::Custom => Some(own.unwrap_or_else(|| write::default_sharing(def))),
        // As the Organization row of every simulated org has them.
        ObjectKind::Standard => own.or(match def.name.as_str() {
            "Account" | "Opportunity" => Some("ReadWrite"),
            "Contact" => Some("ControlledByParent"),
            "Lead" | "Case" => Some("ReadWriteTransfer"),
            "Campaign" => Some("FullAccess"),
            _ => None,
        }),
        _ => None,
    }
}

fn custom_object(builder: &mut Builder, def: &ObjectDef, component: Option<&Component>) {
    let id = object_id(def, component);
    let (namespace, developer_name) = namespace_and_name(&def.name);
    let sharing = sharing_model(def);
    let (created, modified) = component.map(|c| (c.created.clone(), c.modified.clone())).unwrap_or_default();
    let mut cells = builder.audit(&created, &modified);
    cells.extend([
        ("DeveloperName", text(developer_name)),
        ("NamespacePrefix", text(namespace)),
        ("ManageableState", text(state_of(namespace))),
        ("Language", text("en_US")),
        ("Description", optional(def.metadata.description.as_deref())),
        ("SharingModel", optional(sharing)),
        ("InternalSharingModel", optional(sharing)),
        ("ExternalSharingModel", optional(def.metadata.external_sharing_model.as_deref().or(sharing))),
    ]);
    builder.put("CustomObject", Some(&id), cells);
}

pub(super) fn state_of(namespace: &str) -> &'static str {
    if namespace.is_empty() { "unmanaged" } else { "installed" }
}

fn fields(builder: &mut Builder, entity: &mut Entity, changed_ms: i64) {
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
    let bools = [
        ("IsCalculated", field.calculated),
        ("IsHighScaleNumber", field.high_scale_number),
        ("IsHtmlFormatted", field.html_formatted),
        ("IsNameField", field.name_field),
        ("IsNillable", field.nillable),
        ("IsWorkflowFilterable", field.filterable),
        ("IsCompactLayoutable", field.filterable),
        ("IsFieldHistoryTracked", field.metadata.tracks_history),
        (
            "IsIndexed",
            field.external_id
                || field.unique
                || field.id_lookup
                || field.kind == FieldType::Reference
                || field.name == "SystemModstamp",
        ),
        ("IsApiFilterable", field.filterable),
        ("IsApiSortable", field.sortable),
        ("IsListFilterable", field.filterable),
        ("IsListSortable", field.sortable),
        ("IsApiGroupable", field.groupable),
        ("IsListVisible", true),
        ("IsCompound", field.kind.is_compound()),
        ("IsSearchPrefilterable", field.search_prefilterable),
        ("IsPolymorphicForeignKey", field.polymorphic_foreign_key),
    ];
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
    cells.extend(bools.map(|(name, is)| (name, Value::Bool(is))));
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
        shown.push_str(&format!(" (Unique Case {case})"));
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
    let bools = [
        ("IsAutonumber", field.auto_number),
        ("IsCaseSensitive", field.case_sensitive),
        ("IsUnique", field.unique),
        ("IsCreatable", field.createable),
        ("IsUpdatable", field.updateable),
        ("IsDefaultedOnCreate", field.defaulted_on_create),
        ("IsWriteRequiresMasterRead", field.write_requires_master_read),
        ("IsCalculated", field.calculated),
        ("IsHighScaleNumber", field.high_scale_number),
        ("IsHtmlFormatted", field.html_formatted),
        ("IsNameField", field.name_field),
        ("IsNillable", field.nillable),
        ("IsPermissionable", field.permissionable),
        ("IsEncrypted", field.encrypted),
        ("IsWorkflowFilterable", field.filterable),
        ("IsCompactLayoutable", field.filterable),
        ("IsFieldHistoryTracked", field.metadata.tracks_history),
        ("IsApiFilterable", field.filterable),
        ("IsApiSortable", field.sortable),
        ("IsApiGroupable", field.groupable),
        ("IsListVisible", true),
        ("IsLayoutable", field.createable || field.updateable || field.calculated),
        ("IsDependentPicklist", field.dependent_picklist),
        ("IsDeprecatedAndHidden", field.deprecated_and_hidden),
        ("IsDisplayLocationInDecimal", field.display_location_in_decimal),
        ("IsIdLookup", field.id_lookup),
        ("IsNamePointing", field.name_pointing),
        ("IsCompound", field.kind.is_compound()),
        ("IsComponent", field.compound_field_name.is_some()),
    ];
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
    cells.extend(bools.map(|(name, is)| (name, Value::Bool(is))));
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

fn relationships(builder: &mut Builder, entities: &Entities) {
    let mut names: Vec<&String> = entities.keys().collect();
    names.sort();
    for name in names {
        let child = &entities[name];
        for field in child.def.fields.iter().filter(|field| field.kind == FieldType::Reference) {
            let Some((durable, row)) = child.fields.get(&field.name) else { continue };
            let on = field.targets.iter().map(|(_, _, on_delete)| *on_delete).collect::<Vec<_>>();
            let cells = vec![
                ("DurableId", text(durable)),
                ("ChildSobjectId", text(&child.durable)),
                ("ChildSobjectRef", Value::Id(child.row.clone())),
                ("FieldId", text(durable)),
                ("FieldRef", Value::Id(row.clone())),
                ("IsCascadeDelete", Value::Bool(on.contains(&OnDelete::Cascade))),
                ("IsRestrictedDelete", Value::Bool(on.contains(&OnDelete::Restrict))),
            ];
            builder.put("RelationshipInfo", None, cells);
            for (target, list, on_delete) in &field.targets {
                let Some(parent) = entities.get(target) else { continue };
                let cells = vec![
                    ("DurableId", Value::text(format!("{durable}.{}", parent.durable))),
                    ("ParentSobjectId", text(&parent.durable)),
                    ("ParentSobjectRef", Value::Id(parent.row.clone())),
                    ("ChildSobjectId", text(&child.durable)),
                    ("ChildSobjectRef", Value::Id(child.row.clone())),
                    ("FieldId", text(durable)),
                    ("FieldRef", Value::Id(row.clone())),
                    ("RelationshipInfoId", text(durable)),
                    ("RelationshipName", optional(list.as_deref())),
                    ("IsCascadeDelete", Value::Bool(*on_delete == OnDelete::Cascade)),
                    ("IsRestrictedDelete", Value::Bool(*on_delete == OnDelete::Restrict)),
                ];
                builder.put("RelationshipDomain", None, cells);
            }
        }
    }
}
