//! What the setup pages show: rules, flows, layouts, tabs, value sets, labels, packages.

use std::sync::Arc;

use crate::components::Component;
use crate::metadata::inventory;
use crate::metadata::properties::counter_of_name;
use crate::metadata::schema::standard_values;
use crate::model::{Value, ids};
use crate::xml::Element;

use super::catalog::{Builder, Cells, reference_to_metadata};
use super::code::rows;
use super::entities::{Entities, Entity, state_of, text};

/// The id of something that has no place to keep one: it follows from its name.
pub(super) fn child_id(prefix: &str, full_name: &str) -> String {
    ids::record_id(prefix, counter_of_name(full_name))
}

/// `acme` and `Thing` of `acme__Thing__c`.
pub(super) fn namespace_and_name(name: &str) -> (&str, &str) {
    let stem = match name.rsplit_once("__") {
        Some((stem, suffix)) if suffix.len() <= 3 => stem,
        _ => name,
    };
    stem.split_once("__").unwrap_or(("", stem))
}

/// The components of a kind that can have a row.
pub(super) fn components(builder: &Builder, kind: &str) -> Vec<Arc<Component>> {
    inventory::of_kind(&builder.source, kind)
        .into_iter()
        .filter(|component| !component.id.is_empty())
        .collect()
}

pub(super) fn add(builder: &mut Builder, entities: &Entities) {
    children_of_objects(builder, entities);
    record_types(builder, entities);
    layouts(builder, entities);
    flows(builder);
    workflows(builder, entities);
    tabs(builder, entities);
    value_sets(builder);
    labels(builder);
    packages(builder);
    for (kind, object) in SIMPLE {
        for component in components(builder, kind) {
            let cells = simple(builder, &component, entities);
            builder.put(object, Some(&component.id), cells);
        }
    }
}

/// Kinds whose rows are read off their XML alone.
const SIMPLE: [(&str, &str); 4] = [
    ("CustomApplication", "CustomApplication"),
    ("FlexiPage", "FlexiPage"),
    ("DuplicateRule", "DuplicateRule"),
    ("RemoteSiteSetting", "RemoteProxy"),
];

fn of<'a>(xml: &'a Element, name: &str) -> &'a str {
    xml.text_of(name).map(str::trim).unwrap_or_default()
}

fn simple(builder: &Builder, component: &Component, entities: &Entities) -> Cells<'static> {
    let xml = component.xml().unwrap_or_default();
    let name = component.full_name.as_str();
    let own = name.split_once('.').map_or(name, |(_, own)| own);
    let label = [of(&xml, "masterLabel"), of(&xml, "label"), own].into_iter().find(|label| !label.is_empty());
    let object = [of(&xml, "sobjectType"), name.split_once('.').map_or("", |(object, _)| object)];
    let object = object.into_iter().find(|object| !object.is_empty()).unwrap_or_default();
    let mut cells = builder.of_component(component);
    cells.extend([
        ("DeveloperName", text(own)),
        ("SiteName", text(own)),
        ("MasterLabel", text(label.unwrap_or_default())),
        ("Label", text(label.unwrap_or_default())),
        ("Description", text(of(&xml, "description"))),
        ("Type", text(of(&xml, "type"))),
        ("UiType", text(of(&xml, "uiType"))),
        ("NavType", text(of(&xml, "navType"))),
        ("SobjectType", text(object)),
        ("Language", text("en_US")),
        ("EndpointUrl", text(of(&xml, "url"))),
        ("IsActive", Value::Bool(xml.is_true("isActive"))),
        ("ProtocolMismatch", Value::Bool(xml.is_true("disableProtocolSecurity"))),
    ]);
    cells.extend(of_entity(entities.get(object)));
    cells
}

fn of_entity(entity: Option<&Entity>) -> Cells<'static> {
    let Some(entity) = entity else { return Vec::new() };
    vec![
        ("TableEnumOrId", text(&entity.durable)),
        ("EntityDefinitionId", text(&entity.durable)),
        ("EntityDefinitionRef", Value::Id(entity.row.clone())),
    ]
}

fn children_of_objects(builder: &mut Builder, entities: &Entities) {
    let stored: Vec<Arc<Component>> = builder.source.components.of_kind("CustomObject").cloned().collect();
    built_in_rules(builder, entities, &stored);
    for component in stored {
        let Some(xml) = component.xml() else { continue };
        for child in &xml.children {
            let (object, prefix, kind) = match child.name.as_str() {
                "validationRules" => ("ValidationRule", "03d", "ValidationRule"),
                "listViews" => ("ListView", "00B", "ListView"),
                "compactLayouts" => ("CompactLayout", "0AH", "CompactLayout"),
                "fieldSets" => ("FieldSet", "0IX", "FieldSet"),
                "webLinks" => ("WebLink", "00b", "WebLink"),
                _ => continue,
            };
            let name = of(child, "fullName");
            let full_name = format!("{}.{name}", component.full_name);
            let (namespace, _) = namespace_and_name(name);
            let label =
                [of(child, "label"), of(child, "masterLabel"), name].into_iter().find(|l| !l.is_empty());
            let mut cells = builder.audit(&component.created, &component.modified);
            cells.extend([
                ("ValidationName", text(name)),
                ("DeveloperName", text(name)),
                ("Name", text(if object == "ListView" { label.unwrap_or(name) } else { name })),
                ("MasterLabel", text(label.unwrap_or(name))),
                ("NamespacePrefix", text(namespace)),
                ("ManageableState", text(state_of(namespace))),
                ("Active", Value::Bool(child.is_true("active"))),
                ("Description", text(of(child, "description"))),
                ("ErrorDisplayField", text(of(child, "errorDisplayField"))),
                ("ErrorMessage", text(of(child, "errorMessage"))),
                ("SobjectType", text(&component.full_name)),
                ("IsSoqlCompatible", Value::Bool(true)),
                ("LinkType", text(of(child, "linkType"))),
                ("Url", text(of(child, "url"))),
                ("FullName", text(&full_name)),
                ("Metadata", reference_to_metadata(kind, &full_name)),
            ]);
            cells.extend(of_entity(entities.get(&component.full_name)));
            builder.put(object, Some(&child_id(prefix, &full_name)), cells);
        }
    }
}

/// The rules of objects that the org has by itself, and no metadata component tells.
fn built_in_rules(builder: &mut Builder, entities: &Entities, stored: &[Arc<Component>]) {
    let source = builder.source.clone();
    let defs = source.tables().map(|table| &table.def);
    for def in defs.filter(|def| !stored.iter().any(|component| component.full_name == def.name)) {
        for rule in &def.validation_rules {
            let full_name = format!("{}.{}", def.name, rule.name);
            let mut cells: Cells<'_> = vec![
                ("ValidationName", text(&rule.name)),
                ("ManageableState", text("unmanaged")),
                ("Active", Value::Bool(rule.active)),
                ("ErrorDisplayField", text(rule.error_field.as_deref().unwrap_or_default())),
                ("ErrorMessage", text(&rule.message)),
                ("FullName", text(&full_name)),
            ];
            cells.extend(of_entity(entities.get(&def.name)));
            builder.put("ValidationRule", Some(&child_id("03d", &full_name)), cells);
        }
    }
}

/// Record types are rows in the data API too, with the same ids.
fn record_types(builder: &mut Builder, entities: &Entities) {
    for row in rows(&builder.source.clone(), "RecordType") {
        let object = row.value_of("SobjectType").to_plain_text();
        let full_name = format!("{object}.{}", row.value_of("DeveloperName").to_plain_text());
        let same = [
            "CreatedById",
            "CreatedDate",
            "LastModifiedById",
            "LastModifiedDate",
            "SystemModstamp",
            "Name",
            "DeveloperName",
            "NamespacePrefix",
            "Description",
            "SobjectType",
            "IsActive",
        ];
        let mut cells: Cells<'_> = same.into_iter().map(|field| (field, row.value_of(field))).collect();
        cells.extend([
            ("FullName", text(&full_name)),
            ("ManageableState", text("unmanaged")),
            ("Metadata", reference_to_metadata("RecordType", &full_name)),
        ]);
        cells.extend(of_entity(entities.get(&object)));
        builder.put("RecordType", Some(row.id()), cells);
    }
}

fn layouts(builder: &mut Builder, entities: &Entities) {
    for component in components(builder, "Layout") {
        let (object, name) = component.full_name.split_once('-').unwrap_or(("", &component.full_name));
        let name = percent_encoding::percent_decode_str(name).decode_utf8_lossy().into_owned();
        let mut cells = builder.of_component(&component);
        cells.extend([
            ("Name", Value::text(name)),
            ("LayoutType", text("Standard")),
            ("TableEnumOrId", text(object)),
        ]);
        cells.extend(of_entity(entities.get(object)));
        builder.put("Layout", Some(&component.id), cells);
    }
}

/// A deploy makes one version; which one is active its status or, in old files, the definition says.
fn flows(builder: &mut Builder) {
    let definitions = components(builder, "FlowDefinition");
    for component in components(builder, "Flow") {
        let xml = component.xml().unwrap_or_default();
        let (name, version) = component.full_name.rsplit_once('-').unwrap_or((&component.full_name, "1"));
        let number: i64 = version.parse().unwrap_or(1);
        let definition = definitions.iter().find(|definition| definition.full_name == name);
        let activated = definition
            .and_then(|definition| definition.xml())
            .map(|xml| of(&xml, "activeVersionNumber") == version);
        let status = match (of(&xml, "status"), activated) {
            ("", Some(true)) => "Active",
            ("", _) => "Draft",
            (status, _) => status,
        };
        let is_active = status == "Active";
        let definition_id =
            definition.map_or_else(|| child_id("300", name), |definition| definition.id.clone());
        let api_version = of(&xml, "apiVersion");
        let mut cells = builder.of_component(&component);
        cells.extend([
            ("MasterLabel", text(of(&xml, "label"))),
            ("DefinitionId", Value::Id(definition_id.clone())),
            ("VersionNumber", Value::Int(number)),
            ("Status", text(status)),
            ("Description", text(of(&xml, "description"))),
            ("ProcessType", text(of(&xml, "processType"))),
            (
                "ApiVersion",
                if api_version.is_empty() { Value::Null } else { Value::Number(api_version.to_owned()) },
            ),
            ("IsTemplate", Value::Bool(xml.is_true("isTemplate"))),
            ("RunInMode", text(of(&xml, "runInMode"))),
        ]);
        let version_id = builder.put("Flow", Some(&component.id), cells);
        let version = Version { name, id: &version_id, number, is_active, definition_id: &definition_id };
        flow_definition(builder, &component, &xml, &version);
    }
}

/// The one version of a flow that the org has.
struct Version<'a> {
    name: &'a str,
    id: &'a str,
    number: i64,
    is_active: bool,
    definition_id: &'a str,
}

fn flow_definition(builder: &mut Builder, component: &Component, xml: &Element, version: &Version<'_>) {
    let active = if version.is_active { version.id } else { "" };
    let mut cells = builder.of_component(component);
    cells.retain(|(field, _)| *field != "Metadata");
    cells.extend([
        ("DeveloperName", text(version.name)),
        ("MasterLabel", text(of(xml, "label"))),
        ("ActiveVersionId", if active.is_empty() { Value::Null } else { Value::Id(active.to_owned()) }),
        ("LatestVersionId", Value::Id(version.id.to_owned())),
        ("FullName", text(version.name)),
        ("Metadata", reference_to_metadata("FlowDefinition", version.name)),
    ]);
    builder.put("FlowDefinition", Some(version.definition_id), cells);
    let start = |name: &str| xml.child("start").map_or("", |start| of(start, name));
    let cells = vec![
        ("DurableId", text(version.definition_id)),
        ("ApiName", text(version.name)),
        ("Label", text(of(xml, "label"))),
        ("Description", text(of(xml, "description"))),
        ("ProcessType", text(of(xml, "processType"))),
        ("TriggerType", text(start("triggerType"))),
        ("RecordTriggerType", text(start("recordTriggerType"))),
        ("NamespacePrefix", text(component.namespace.as_deref().unwrap_or_default())),
        ("ActiveVersionId", text(active)),
        ("LatestVersionId", text(version.id)),
        ("LastModifiedDate", Value::DateTime(component.modified.at_ms)),
        ("IsActive", Value::Bool(version.is_active)),
        ("VersionNumber", Value::Int(version.number)),
        ("ManageableState", text(component.manageable_state.as_str())),
    ];
    builder.put("FlowDefinitionView", None, cells);
}

fn workflows(builder: &mut Builder, entities: &Entities) {
    let stored: Vec<Arc<Component>> = builder.source.components.of_kind("Workflow").cloned().collect();
    for component in stored {
        let Some(xml) = component.xml() else { continue };
        for child in &xml.children {
            let (object, prefix) = match child.name.as_str() {
                "rules" => ("WorkflowRule", "01Q"),
                "fieldUpdates" => ("WorkflowFieldUpdate", "04Y"),
                "alerts" => ("WorkflowAlert", "01W"),
                _ => continue,
            };
            let name = of(child, "fullName");
            let full_name = format!("{}.{name}", component.full_name);
            let mut cells = builder.audit(&component.created, &component.modified);
            cells.extend([
                ("Name", text(if object == "WorkflowFieldUpdate" { of(child, "name") } else { name })),
                ("DeveloperName", text(name)),
                ("Description", text(of(child, "description"))),
                ("SourceTableEnumOrId", text(&component.full_name)),
                ("ManageableState", text("unmanaged")),
                ("FullName", text(&full_name)),
                ("Metadata", reference_to_metadata(object, &full_name)),
            ]);
            cells.extend(of_entity(entities.get(&component.full_name)));
            builder.put(object, Some(&child_id(prefix, &full_name)), cells);
        }
    }
}

fn tabs(builder: &mut Builder, entities: &Entities) {
    for component in components(builder, "CustomTab") {
        let xml = component.xml().unwrap_or_default();
        let kind = [
            ("customObject", "customObject"),
            ("page", "visualforcePage"),
            ("lwcComponent", "lwcComponent"),
            ("auraComponent", "auraComponent"),
            ("flexiPage", "flexiPage"),
            ("url", "url"),
        ]
        .into_iter()
        .find(|(element, _)| xml.child(element).is_some_and(|value| value.text != "false"))
        .map_or("", |(_, kind)| kind);
        let entity = entities.get(&component.full_name);
        let label = entity.map_or_else(|| of(&xml, "label"), |entity| &entity.def.label_plural);
        let mut cells = builder.of_component(&component);
        cells.extend([
            ("DeveloperName", text(namespace_and_name(&component.full_name).1)),
            ("MasterLabel", text(label)),
            ("Type", text(kind)),
            ("Url", text(of(&xml, "url"))),
            ("Description", text(of(&xml, "description"))),
        ]);
        builder.put("CustomTab", Some(&component.id), cells);
        tab(builder, &component.id[..15], &component.full_name, label, entity, true);
    }
    let mut names: Vec<&String> = entities.keys().collect();
    names.sort();
    for name in names {
        let entity = &entities[name];
        if !entity.def.flags.custom && entity.def.flags.layoutable {
            tab(
                builder,
                &format!("standard-{name}"),
                &format!("standard-{name}"),
                &entity.def.label_plural,
                Some(entity),
                false,
            );
        }
    }
}

fn tab(
    builder: &mut Builder,
    durable: &str,
    name: &str,
    label: &str,
    entity: Option<&Entity>,
    is_custom: bool,
) {
    let object = entity.map_or("", |entity| entity.def.name.as_str());
    let url = entity.and_then(|entity| entity.def.key_prefix.as_deref()).map(|prefix| format!("/{prefix}/o"));
    let cells = vec![
        ("DurableId", text(durable)),
        ("Name", text(name)),
        ("Label", text(label)),
        ("SobjectName", text(object)),
        ("IsCustom", Value::Bool(is_custom)),
        ("IsAvailableInAloha", Value::Bool(true)),
        ("IsAvailableInLightning", Value::Bool(true)),
        ("Url", Value::text(url.unwrap_or_default())),
    ];
    builder.put("TabDefinition", None, cells);
}

fn value_sets(builder: &mut Builder) {
    for set in standard_values::all() {
        if standard_values::write(&builder.source, set.name).is_none() {
            continue;
        }
        let cells = vec![
            ("DurableId", text(set.name)),
            ("MasterLabel", text(set.name)),
            ("FullName", text(set.name)),
            ("Metadata", reference_to_metadata("StandardValueSet", set.name)),
        ];
        builder.put("StandardValueSet", None, cells);
    }
    for component in components(builder, "GlobalValueSet") {
        let xml = component.xml().unwrap_or_default();
        let mut cells = builder.of_component(&component);
        cells.extend([
            ("DeveloperName", text(namespace_and_name(&component.full_name).1)),
            ("MasterLabel", text(of(&xml, "masterLabel"))),
            ("Description", text(of(&xml, "description"))),
        ]);
        builder.put("GlobalValueSet", Some(&component.id), cells);
    }
}

fn labels(builder: &mut Builder) {
    let stored: Vec<Arc<Component>> = builder.source.components.of_kind("CustomLabels").cloned().collect();
    for component in stored {
        let Some(xml) = component.xml() else { continue };
        for label in xml.all("labels") {
            let name = of(label, "fullName");
            let mut cells = builder.audit(&component.created, &component.modified);
            cells.extend([
                ("Name", text(name)),
                ("MasterLabel", text(of(label, "shortDescription"))),
                ("ManageableState", text("unmanaged")),
                ("Language", text(of(label, "language"))),
                ("Category", text(of(label, "categories"))),
                ("Value", text(label.text_of("value").unwrap_or_default())),
                ("IsProtected", Value::Bool(label.is_true("protected"))),
            ]);
            builder.put("ExternalString", Some(&child_id("101", name)), cells);
        }
    }
}

fn packages(builder: &mut Builder) {
    for component in components(builder, "InstalledPackage") {
        let namespace = &component.full_name;
        let xml = component.xml().unwrap_or_default();
        let version = of(&xml, "versionNumber").to_owned();
        let numbers: Vec<i64> = version.split('.').map(|part| part.parse().unwrap_or(0)).collect();
        let number = |at: usize| Value::Int(numbers.get(at).copied().unwrap_or(0));
        let package = builder.put(
            "SubscriberPackage",
            Some(&child_id("033", namespace)),
            vec![
                ("Name", text(namespace)),
                ("NamespacePrefix", text(namespace)),
                ("IsPackageValid", Value::Bool(true)),
            ],
        );
        let version = builder.put(
            "SubscriberPackageVersion",
            Some(&child_id("04t", namespace)),
            vec![
                ("Name", Value::text(version)),
                ("SubscriberPackageId", Value::Id(package.clone())),
                ("MajorVersion", number(0)),
                ("MinorVersion", number(1)),
                ("PatchVersion", number(2)),
                ("BuildNumber", number(3)),
                ("IsManaged", Value::Bool(true)),
                ("ReleaseState", text("Released")),
            ],
        );
        let cells = vec![
            ("SubscriberPackageId", Value::Id(package)),
            ("SubscriberPackageVersionId", Value::Id(version.clone())),
            ("MinPackageVersionId", Value::Text(version)),
        ];
        builder.put("InstalledSubscriberPackage", Some(&component.id), cells);
    }
}
