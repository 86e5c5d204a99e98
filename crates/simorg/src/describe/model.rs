//! The JSON of describes, built from an object's definition. Keys stand in the order of the recorded answers: sorted.

use serde_json::{Map, Value as Json, json};

use crate::model::{ObjectDef, OnDelete, Value};
use crate::state::{Scan, View};

/// The record type that every object has in its describe and none in its table.
const MASTER: &str = "012000000000000AAA";

/// One entry of describeGlobal.
pub fn global_entry(def: &ObjectDef, version: &str) -> Map<String, Json> {
    let mut entry = flags(def);
    let text = |text: &str| Json::String(text.to_owned());
    let associate = def.associate.as_ref();
    entry.insert("associateEntityType".to_owned(), associate.map_or(Json::Null, |(role, _)| text(role)));
    entry
        .insert("associateParentEntity".to_owned(), associate.map_or(Json::Null, |(_, parent)| text(parent)));
    entry.insert("keyPrefix".to_owned(), def.key_prefix.as_deref().map_or(Json::Null, text));
    entry.insert("label".to_owned(), text(&def.label));
    entry.insert("labelPlural".to_owned(), text(&def.label_plural));
    entry.insert("name".to_owned(), text(&def.name));
    entry.insert("urls".to_owned(), Json::Object(urls(def, version)));
    entry.sort_keys();
    entry
}

fn flags(def: &ObjectDef) -> Map<String, Json> {
    match serde_json::to_value(&def.flags) {
        Ok(Json::Object(flags)) => flags,
        _ => Map::new(),
    }
}

fn urls(def: &ObjectDef, version: &str) -> Map<String, Json> {
    let base = format!("/services/data/v{version}/sobjects/{}", def.name);
    let mut urls = Map::new();
    let mut add = |key: &str, path: &str| urls.insert(key.to_owned(), Json::String(format!("{base}{path}")));
    if def.flags.layoutable {
        add("compactLayouts", "/describe/compactLayouts");
        add("approvalLayouts", "/describe/approvalLayouts");
        add("listviews", "/listviews");
        add("quickActions", "/quickActions");
        add("layouts", "/describe/layouts");
    }
    add("rowTemplate", "/{ID}");
    add("describe", "/describe");
    add("sobject", "");
    urls
}

/// The full describe of an object. `instance` is the address that links into the user interface begin with.
pub fn describe(view: &View, def: &ObjectDef, version: &str, instance: &str) -> Map<String, Json> {
    let mut answer = global_entry(def, version);
    if let (Some(Json::Object(urls)), true) = (answer.get_mut("urls"), def.flags.layoutable) {
        let key_prefix = def.key_prefix.as_deref().unwrap_or_default();
        let base = format!("/services/data/v{version}/sobjects/{}", def.name);
        urls.insert("uiDetailTemplate".to_owned(), json!(format!("{instance}/{{ID}}")));
        urls.insert("uiEditTemplate".to_owned(), json!(format!("{instance}/{{ID}}/e")));
        urls.insert("uiNewRecord".to_owned(), json!(format!("{instance}/{key_prefix}/e")));
        urls.insert("defaultValues".to_owned(), json!(format!("{base}/defaultValues?recordTypeId&fields")));
    }
    for absent in [
        "defaultImplementation",
        "extendedBy",
        "extendsInterfaces",
        "implementedBy",
        "implementsInterfaces",
        "listviewable",
        "lookupLayoutable",
        "networkScopeFieldName",
    ] {
        answer.insert(absent.to_owned(), Json::Null);
    }
    let more = [
        ("actionOverrides", json!([])),
        ("childRelationships", Json::Array(child_relationships(view, def))),
        ("compactLayoutable", Json::Bool(def.flags.layoutable)),
        ("fields", serde_json::to_value(&def.fields).expect("field definitions always serialise")),
        ("namedLayoutInfos", json!([])),
        ("recordTypeInfos", Json::Array(record_types(view, def, version))),
        ("searchLayoutable", Json::Bool(def.flags.searchable)),
        ("sobjectDescribeOption", json!("FULL")),
        ("supportedScopes", scopes(def)),
    ];
    answer.extend(more.map(|(key, value)| (key.to_owned(), value)));
    answer.sort_keys();
    answer
}

/// Lists of objects that the user may see.
fn child_relationships(view: &View, def: &ObjectDef) -> Vec<Json> {
    def.children
        .iter()
        .filter(|relation| {
            view.object(&relation.child).is_some_and(|child| child.field(&relation.field).is_some())
        })
        .map(|relation| {
            json!({
                "cascadeDelete": relation.on_delete == OnDelete::Cascade,
                "childSObject": relation.child,
                "deprecatedAndHidden": false,
                "field": relation.field,
                "junctionIdListNames": [],
                "junctionReferenceTo": [],
                "relationshipName": relation.name,
                "restrictedDelete": relation.on_delete == OnDelete::Restrict,
            })
        })
        .collect()
}

fn record_types(view: &View, def: &ObjectDef, version: &str) -> Vec<Json> {
    let info = |id: &str, name: &str, developer_name: &str, is_active: bool, is_default: bool| {
        json!({
            "active": is_active,
            "available": true,
            "defaultRecordTypeMapping": is_default,
            "developerName": developer_name,
            "master": id == MASTER,
            "name": name,
            "recordTypeId": id,
            "urls": {"layout": format!("/services/data/v{version}/sobjects/{}/describe/layouts/{id}", def.name)},
        })
    };
    let mut types = Vec::new();
    let mut has_default = false;
    if let (true, Some(record_type)) = (def.field("RecordTypeId").is_some(), view.object("RecordType")) {
        view.scan(&record_type, Scan::default(), &mut |row| {
            if row.value_of("SobjectType").to_plain_text() == def.name {
                let (name, developer_name) =
                    (row.value_of("Name").to_plain_text(), row.value_of("DeveloperName").to_plain_text());
                let is_active = row.value_of("IsActive") == Value::Bool(true);
                let is_default = is_active && !has_default;
                has_default |= is_default;
                types.push(info(row.id(), &name, &developer_name, is_active, is_default));
            }
            std::ops::ControlFlow::Continue(())
        });
    }
    types.push(info(MASTER, "Master", "Master", true, !has_default));
    types
}

fn scopes(def: &ObjectDef) -> Json {
    let plural = def.label_plural.to_lowercase();
    let mut scopes = vec![json!({"label": format!("All {plural}"), "name": "everything"})];
    if def.field("OwnerId").is_some() {
        scopes.push(json!({"label": format!("My {plural}"), "name": "mine"}));
        scopes.push(json!({"label": format!("My team's {plural}"), "name": "team"}));
    }
    Json::Array(scopes)
}
