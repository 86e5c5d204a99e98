//! Apex, Visualforce, Lightning components and static resources, with their bodies.

use std::sync::Arc;

use crate::components::Component;
use crate::metadata::code::{self, body_of};
use crate::model::Value;
use crate::state::Row;
use crate::state::view::Snapshot;
use crate::xml::Element;

use super::catalog::{Builder, Cells};
use super::entities::{Entities, text};
use super::setup::{child_id, components};

pub(super) fn add(builder: &mut Builder, entities: &Entities) {
    for kind in code::KINDS {
        for component in components(builder, kind) {
            let mut cells = builder.of_component(&component);
            cells.extend(described(&component.xml().unwrap_or_default()));
            cells.extend(code::cells(&builder.source, &component));
            if kind == "ApexTrigger" {
                cells.extend(of_object(&body_of(&component), entities));
            }
            builder.put(kind, Some(&component.id), cells);
        }
    }
    rows_without_component(builder, entities);
    for kind in ["ApexPage", "ApexComponent"] {
        for component in components(builder, kind) {
            let xml = component.xml().unwrap_or_default();
            let mut cells = builder.of_component(&component);
            cells.extend(described(&xml));
            cells.extend([
                ("Name", text(&component.full_name)),
                ("MasterLabel", text(xml.text_of("label").unwrap_or(&component.full_name))),
                ("Markup", Value::text(body_of(&component))),
                ("ControllerType", text("0")),
                ("IsAvailableInTouch", Value::Bool(xml.is_true("availableInTouch"))),
                ("IsConfirmationTokenRequired", Value::Bool(xml.is_true("confirmationTokenRequired"))),
            ]);
            builder.put(kind, Some(&component.id), cells);
        }
    }
    bundles(builder);
    for component in components(builder, "StaticResource") {
        let xml = component.xml().unwrap_or_default();
        let length = component
            .files
            .iter()
            .filter(|(path, _)| !path.ends_with("-meta.xml"))
            .map(|(_, body)| body.len())
            .sum::<usize>();
        let mut cells = builder.of_component(&component);
        cells.extend(described(&xml));
        cells.extend([
            ("Name", text(&component.full_name)),
            ("ContentType", text(xml.text_of("contentType").unwrap_or_default())),
            ("CacheControl", text(xml.text_of("cacheControl").unwrap_or("Private"))),
            ("BodyLength", count(length)),
        ]);
        builder.put("StaticResource", Some(&component.id), cells);
    }
}

fn count(number: usize) -> Value {
    Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
}

/// What most `-meta.xml` files say.
fn described(xml: &Element) -> Cells<'static> {
    vec![
        ("ApiVersion", code::api_version(xml)),
        ("Description", text(xml.text_of("description").map(str::trim).unwrap_or_default())),
    ]
}

/// The definition of the object that a trigger runs on.
fn of_object(body: &str, entities: &Entities) -> Cells<'static> {
    let object = code::trigger_object(body);
    let entity = object
        .and_then(|object| entities.values().find(|entity| entity.def.name.eq_ignore_ascii_case(object)));
    entity.map_or_else(Vec::new, |entity| {
        vec![
            ("EntityDefinitionId", text(&entity.durable)),
            ("EntityDefinitionRef", Value::Id(entity.row.clone())),
        ]
    })
}

/// Classes and triggers that were written as rows.
fn rows_without_component(builder: &mut Builder, entities: &Entities) {
    for (object, fields) in [
        (
            "ApexClass",
            &["Name", "ApiVersion", "Status", "IsValid", "Body", "LengthWithoutComments", "NamespacePrefix"]
                [..],
        ),
        ("ApexTrigger", &["Name", "ApiVersion", "Status", "IsValid", "Body", "TableEnumOrId"][..]),
    ] {
        let known: Vec<String> =
            components(builder, object).iter().map(|component| component.id.clone()).collect();
        for row in rows(&builder.source.clone(), object) {
            let name = row.value_of("Name").to_plain_text();
            if row.is_deleted() || known.iter().any(|id| id == row.id()) {
                continue;
            }
            let audit =
                ["CreatedById", "CreatedDate", "LastModifiedById", "LastModifiedDate", "SystemModstamp"];
            let mut cells: Cells<'_> =
                fields.iter().chain(&audit).map(|field| (*field, row.value_of(field))).collect();
            cells.extend([("FullName", text(&name)), ("ManageableState", text("unmanaged"))]);
            if let Some(entity) = entities.get(&row.value_of("TableEnumOrId").to_plain_text()) {
                cells.push(("EntityDefinitionRef", Value::Id(entity.row.clone())));
                cells.push(("EntityDefinitionId", text(&entity.durable)));
            }
            builder.put(object, Some(row.id()), cells);
        }
    }
}

/// The rows of an object in the data API.
pub(super) fn rows(source: &Arc<Snapshot>, object: &str) -> Vec<Row> {
    let Some(table) = source.table(object) else { return Vec::new() };
    table.rows().map(|(counter, found)| Row::new(source.clone(), table.clone(), counter, found)).collect()
}

fn bundles(builder: &mut Builder) {
    for component in components(builder, "LightningComponentBundle") {
        let id = bundle(builder, &component);
        for (path, body) in component.files.iter().filter(|(path, _)| !path.ends_with("-meta.xml")) {
            let cells = vec![
                ("LightningComponentBundleId", Value::Id(id.clone())),
                ("FilePath", text(path)),
                ("Format", text(path.rsplit('.').next().unwrap_or_default())),
                ("Source", Value::text(String::from_utf8_lossy(body).into_owned())),
                ("ManageableState", text(component.manageable_state.as_str())),
            ];
            put_part(builder, "LightningComponentResource", &component, path, cells);
        }
    }
    for component in components(builder, "AuraDefinitionBundle") {
        let id = bundle(builder, &component);
        for (path, body) in component.files.iter().filter(|(path, _)| !path.ends_with("-meta.xml")) {
            let (kind, format) = aura_part(path);
            let cells = vec![
                ("AuraDefinitionBundleId", Value::Id(id.clone())),
                ("DefType", text(kind)),
                ("Format", text(format)),
                ("Source", Value::text(String::from_utf8_lossy(body).into_owned())),
            ];
            put_part(builder, "AuraDefinition", &component, path, cells);
        }
    }
}

fn bundle(builder: &mut Builder, component: &Component) -> String {
    let xml = component.xml().unwrap_or_default();
    let mut cells = builder.of_component(component);
    cells.extend(described(&xml));
    cells.extend([
        ("DeveloperName", text(&component.full_name)),
        ("MasterLabel", text(xml.text_of("masterLabel").unwrap_or(&component.full_name))),
        ("IsExposed", Value::Bool(xml.is_true("isExposed"))),
    ]);
    builder.put(&component.kind, Some(&component.id), cells)
}

fn put_part(builder: &mut Builder, object: &str, component: &Component, path: &str, own: Cells<'_>) {
    let prefix = if object == "AuraDefinition" { "0Ad" } else { "0Rd" };
    let mut cells: Cells<'_> = own;
    cells.extend(builder.audit(&component.created, &component.modified));
    builder.put(object, Some(&child_id(prefix, path)), cells);
}

fn aura_part(path: &str) -> (&'static str, &'static str) {
    let file = path.rsplit('/').next().unwrap_or(path);
    match file.rsplit('.').next().unwrap_or_default() {
        "cmp" => ("COMPONENT", "XML"),
        "app" => ("APPLICATION", "XML"),
        "evt" => ("EVENT", "XML"),
        "intf" => ("INTERFACE", "XML"),
        "design" => ("DESIGN", "XML"),
        "auradoc" => ("DOCUMENTATION", "XML"),
        "svg" => ("SVG", "SVG"),
        "css" => ("STYLE", "CSS"),
        "tokens" => ("TOKENS", "XML"),
        _ if file.ends_with("Helper.js") => ("HELPER", "JS"),
        _ if file.ends_with("Renderer.js") => ("RENDERER", "JS"),
        _ => ("CONTROLLER", "JS"),
    }
}
