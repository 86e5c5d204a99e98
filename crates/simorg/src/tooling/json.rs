//! Metadata as the Tooling API shows it: JSON in place of XML.

use serde_json::{Map, Value as Json};

use crate::components::registry;
use crate::metadata::{inventory, schema};
use crate::state::view::Snapshot;
use crate::xml::Element;

/// Elements that are lists even with one entry.
const LISTS: [&str; 30] = [
    "standardValue",
    "customValue",
    "value",
    "values",
    "fields",
    "fieldPermissions",
    "objectPermissions",
    "userPermissions",
    "classAccesses",
    "pageAccesses",
    "tabSettings",
    "tabVisibilities",
    "layoutAssignments",
    "layoutSections",
    "layoutColumns",
    "layoutItems",
    "relatedLists",
    "picklistValues",
    "valueSettings",
    "controllingFieldValue",
    "actionCalls",
    "assignments",
    "decisions",
    "recordLookups",
    "recordCreates",
    "recordUpdates",
    "screens",
    "variables",
    "formulas",
    "flexiPageRegions",
];

/// What a `Metadata` cell refers to.
pub(super) fn metadata(snapshot: &Snapshot, reference: &str) -> Json {
    let Some((kind, full_name)) = reference.split_once(' ') else { return Json::Null };
    let Some(xml) = element(snapshot, kind, full_name) else { return Json::Null };
    let renamed = matches!(kind, "StandardValueSet" | "GlobalValueSet");
    match of_element(&xml, renamed) {
        Json::Object(mut object) => {
            object.remove("fullName");
            object.entry("urls").or_insert(Json::Null);
            Json::Object(object)
        }
        other => other,
    }
}

fn element(snapshot: &Snapshot, kind: &str, full_name: &str) -> Option<Element> {
    if kind == "CustomField"
        && let Some((object, field)) = full_name.split_once('.')
    {
        let def = &snapshot.table(object)?.def;
        return schema::write::field(def, def.field(field)?);
    }
    let Some((parent, child)) = registry::child(kind) else {
        return inventory::find(snapshot, kind, full_name)?.xml();
    };
    let (holder, own) = full_name.split_once('.')?;
    let xml = snapshot.components.get(parent.name, holder)?.xml()?;
    xml.all(child.element).find(|element| element.text_of("fullName") == Some(own)).cloned()
}

fn of_element(xml: &Element, renamed: bool) -> Json {
    if xml.is_nil() {
        return Json::Null;
    }
    if xml.children.is_empty() {
        return match xml.text.trim() {
            "true" => Json::Bool(true),
            "false" => Json::Bool(false),
            number if xml.name == "apiVersion" && number.parse::<f64>().is_ok() => {
                serde_json::from_str(number).unwrap_or(Json::Null)
            }
            number if is_count(&xml.name) && number.parse::<i64>().is_ok() => {
                serde_json::from_str(number).unwrap_or(Json::Null)
            }
            _ => Json::String(xml.text.clone()),
        };
    }
    let mut object = Map::new();
    for child in &xml.children {
        let is_value = renamed && matches!(xml.name.as_str(), "standardValue" | "customValue");
        let name = if is_value && child.name == "fullName" { "valueName" } else { &child.name };
        let value = of_element(child, renamed);
        match object.get_mut(name) {
            Some(Json::Array(list)) => list.push(value),
            Some(first) => {
                let first = first.take();
                object.insert(name.to_owned(), Json::Array(vec![first, value]));
            }
            None if LISTS.contains(&name) && !child.children.is_empty() => {
                object.insert(name.to_owned(), Json::Array(vec![value]));
            }
            None => {
                object.insert(name.to_owned(), value);
            }
        }
    }
    Json::Object(object)
}

fn is_count(name: &str) -> bool {
    matches!(
        name,
        "length"
            | "precision"
            | "scale"
            | "visibleLines"
            | "relationshipOrder"
            | "startingNumber"
            | "locationX"
            | "locationY"
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn elements_become_values_lists_and_objects() {
        let xml = "<V><sorted>false</sorted><standardValue><fullName>A</fullName><default>true</default></standardValue>\
                   <length>5</length><label>5</label><b>1</b><b>2</b></V>";
        let json = of_element(&Element::parse(xml.as_bytes()).unwrap(), true);
        assert_eq!(
            json,
            json!({"sorted": false, "standardValue": [{"valueName": "A", "default": true}], "length": 5, "label": "5", "b": ["1", "2"]})
        );
    }
}
