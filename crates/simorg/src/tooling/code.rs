//! Apex, Visualforce, Lightning components and static resources, with their bodies.

use std::sync::Arc;

use crate::metadata::Component;
use crate::model::Value;
use crate::state::Row;
use crate::state::view::Snapshot;
use crate::xml::Element;

use super::catalog::{Builder, Cells};
use super::entities::{Entities, text};
use super::setup::{child_id, components};

pub(super) fn add(builder: &mut Builder, entities: &Entities) {
    for component in components(builder, "ApexClass") {
        let body = body_of(&component);
        let mut cells = of_code(builder, &component, &body);
        cells.push(("Body", Value::text(body)));
        builder.put("ApexClass", Some(&component.id), cells);
    }
    for component in components(builder, "ApexTrigger") {
        let body = body_of(&component);
        let mut cells = of_code(builder, &component, &body);
        cells.extend(trigger(&body, entities));
        cells.push(("Body", Value::text(body)));
        builder.put("ApexTrigger", Some(&component.id), cells);
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

/// The text of a component's body.
fn body_of(component: &Component) -> String {
    let body = component.files.iter().find(|(path, _)| !path.ends_with("-meta.xml"));
    body.map(|(_, body)| String::from_utf8_lossy(body).into_owned()).unwrap_or_default()
}

/// What most `-meta.xml` files say.
fn described(xml: &Element) -> Cells<'static> {
    let version = xml.text_of("apiVersion").map(str::trim).filter(|text| text.parse::<f64>().is_ok());
    vec![
        ("ApiVersion", version.map_or(Value::Null, |version| Value::Number(version.to_owned()))),
        ("Description", text(xml.text_of("description").map(str::trim).unwrap_or_default())),
    ]
}

fn of_code(builder: &Builder, component: &Component, body: &str) -> Cells<'static> {
    let xml = component.xml().unwrap_or_default();
    let mut crc = flate2::Crc::new();
    crc.update(body.as_bytes());
    let mut cells = builder.of_component(component);
    cells.extend(described(&xml));
    cells.extend([
        ("Name", text(&component.full_name)),
        ("Status", text(xml.text_of("status").map_or("Active", str::trim))),
        ("IsValid", Value::Bool(true)),
        ("BodyCrc", Value::Number(crc.sum().to_string())),
        ("LengthWithoutComments", count(without_comments(body))),
    ]);
    cells
}

/// The length of code with its comments left out.
fn without_comments(body: &str) -> usize {
    let mut rest = body;
    let mut length = 0;
    while let Some(at) = rest.find("/*").into_iter().chain(rest.find("//")).min() {
        length += rest[..at].chars().count();
        let is_block = rest[at..].starts_with("/*");
        let end = if is_block { "*/" } else { "\n" };
        let after = rest[at + 2..].find(end).map(|found| at + 2 + found + if is_block { 2 } else { 0 });
        rest = after.map_or("", |after| &rest[after..]);
    }
    length + rest.chars().count()
}

/// What the first line of a trigger says: `trigger T on Account (before insert, after delete)`.
fn trigger(body: &str, entities: &Entities) -> Cells<'static> {
    const USAGES: [(&str, &str); 7] = [
        ("before insert", "UsageBeforeInsert"),
        ("after insert", "UsageAfterInsert"),
        ("before update", "UsageBeforeUpdate"),
        ("after update", "UsageAfterUpdate"),
        ("before delete", "UsageBeforeDelete"),
        ("after delete", "UsageAfterDelete"),
        ("after undelete", "UsageAfterUndelete"),
    ];
    let head = body.split_once('{').map_or(body, |(head, _)| head).to_lowercase();
    let words: Vec<&str> = head.split_whitespace().collect();
    let object = words.iter().position(|word| *word == "on").and_then(|at| words.get(at + 1));
    let object = object.map(|word| word.split('(').next().unwrap_or(word));
    let entity = object
        .and_then(|object| entities.values().find(|entity| entity.def.name.eq_ignore_ascii_case(object)));
    let usages = words.join(" ");
    let mut cells: Cells<'static> =
        USAGES.iter().map(|(words, field)| (*field, Value::Bool(usages.contains(words)))).collect();
    if let Some(entity) = entity {
        cells.extend([
            ("TableEnumOrId", text(&entity.durable)),
            ("EntityDefinitionId", text(&entity.durable)),
            ("EntityDefinitionRef", Value::Id(entity.row.clone())),
        ]);
    }
    cells
}

/// Classes and triggers that are rows only, as the generated ones of the default org.
fn rows_without_component(builder: &mut Builder, entities: &Entities) {
    for (object, fields) in [
        (
            "ApexClass",
            &["Name", "ApiVersion", "Status", "IsValid", "Body", "LengthWithoutComments", "NamespacePrefix"]
                [..],
        ),
        ("ApexTrigger", &["Name", "ApiVersion", "Status", "IsValid", "Body", "TableEnumOrId"][..]),
    ] {
        let names: Vec<String> =
            components(builder, object).iter().map(|component| component.full_name.clone()).collect();
        for row in rows(&builder.source.clone(), object) {
            let name = row.value_of("Name").to_plain_text();
            if names.contains(&name) || row.is_deleted() {
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
            // Components count their ids apart from the rows of the data API.
            builder.put(object, Some(&child_id(&row.id()[..3], row.id())), cells);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_do_not_count() {
        assert_eq!(without_comments("a /* b */ c // d\ne"), "a  c \ne".len());
        assert_eq!(without_comments("plain"), 5);
        assert_eq!(without_comments("/* open"), 0);
    }
}
