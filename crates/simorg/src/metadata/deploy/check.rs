//! What a deployed component needs and the org does not have, in Salesforce's words.
//!
//! Looked for after everything of the package has been applied, so components of one package may need each other. Names of
//! standard objects and fields that the org lacks are let pass: real projects know more of them than simorg.

use std::collections::BTreeSet;

use crate::state::view::Snapshot;
use crate::xml::Element;

use super::super::inventory;
use super::super::merge::permission_key;
use super::Unit;
use crate::components::registry;

/// A problem, and where in the file it is, if that can be told.
pub(super) struct Finding {
    pub text: String,
    pub place: Option<(usize, usize)>,
}

impl Finding {
    fn new(text: impl Into<String>) -> Finding {
        Finding { text: text.into(), place: None }
    }
}

/// What is missing for a component itself.
pub(super) fn component(snapshot: &Snapshot, unit: &Unit, denied: &BTreeSet<String>) -> Option<Finding> {
    if let Some(folder) = folder_of(unit)
        && snapshot.components.get(folder.0, folder.1).is_none()
        && folder.1 != "unfiled$public"
    {
        return Some(Finding::new(format!("Cannot find folder:{}", folder.1)));
    }
    match unit.kind.as_str() {
        "ApexTrigger" => trigger(snapshot, unit),
        "Profile" | "PermissionSet" => permissions(snapshot, unit.xml.as_ref()?, denied),
        "Layout" => layout(snapshot, unit),
        "CustomTab" => tab(snapshot, unit),
        "PermissionSetGroup" => {
            let sets = unit.xml.as_ref()?.all("permissionSets");
            sets.map(|set| ("permissionSets", "PermissionSet", set.text.trim()))
                .find_map(|(field, kind, name)| missing(snapshot, field, kind, name))
        }
        "FlexiPage" => object_named(snapshot, unit.xml.as_ref()?, "sobjectType"),
        "QuickAction" => object_named(snapshot, unit.xml.as_ref()?, "targetObject"),
        _ => None,
    }
}

/// What is missing for a child. Fields and record types are looked at by the schema.
pub(super) fn child(snapshot: &Snapshot, kind: &str, full_name: &str, xml: &Element) -> Option<Finding> {
    let (object, _) = full_name.split_once('.')?;
    match kind {
        "ValidationRule" => formula(snapshot, object, xml.text_of("errorConditionFormula")?),
        "WorkflowRule" => xml.all("actions").find_map(|action| {
            let kind = match action.text_of("type")? {
                "Alert" => "WorkflowAlert",
                "FieldUpdate" => "WorkflowFieldUpdate",
                "OutboundMessage" => "WorkflowOutboundMessage",
                "Task" => "WorkflowTask",
                _ => return None,
            };
            let name = format!("{object}.{}", action.text_of("name")?.trim());
            missing(snapshot, "name", kind, &name)
        }),
        _ => None,
    }
}

/// The folder that a component lies in, as folder type and name.
fn folder_of(unit: &Unit) -> Option<(&'static str, &str)> {
    let folder_type = registry::by_name(&unit.kind)?.folder_type()?;
    Some((folder_type, unit.full_name.rsplit_once('/')?.0))
}

fn missing(snapshot: &Snapshot, field: &str, kind: &str, name: &str) -> Option<Finding> {
    if is_unknowable(kind, name) || inventory::exists(snapshot, kind, name) {
        return None;
    }
    Some(Finding::new(format!("In field: {field} - no {kind} named {name} found")))
}

/// Standard things that an org may have and simorg does not; and what a managed package brings.
fn is_unknowable(kind: &str, name: &str) -> bool {
    let last = name.rsplit(['.', '-']).next().unwrap_or(name);
    match kind {
        "CustomField" | "CustomObject" => !last.contains("__"),
        "CustomTab" => name.starts_with("standard-"),
        "CustomApplication" => name.starts_with("standard__"),
        "Layout" => !name.split('-').next().unwrap_or(name).contains("__"),
        _ => false,
    }
}

fn permissions(snapshot: &Snapshot, xml: &Element, denied: &BTreeSet<String>) -> Option<Finding> {
    xml.children.iter().find_map(|element| {
        let field = permission_key(&element.name)?;
        let name = element.text_of(field)?.trim();
        let kind = match element.name.as_str() {
            "applicationVisibilities" => "CustomApplication",
            "classAccesses" => "ApexClass",
            "customPermissions" => "CustomPermission",
            "customMetadataTypeAccesses" | "customSettingAccesses" | "objectPermissions" => "CustomObject",
            "externalDataSourceAccesses" => "ExternalDataSource",
            "fieldPermissions" => "CustomField",
            "flowAccesses" => return missing_flow(snapshot, field, name),
            "layoutAssignments" => "Layout",
            "pageAccesses" => "ApexPage",
            "recordTypeVisibilities" => {
                // Record types that came before any metadata are rows only.
                return if has_record_type(snapshot, name) {
                    None
                } else {
                    missing(snapshot, field, "RecordType", name)
                };
            }
            "userPermissions" => {
                return denied
                    .contains(name)
                    .then(|| Finding::new(format!("Unknown user permission: {name}")));
            }
            "tabVisibilities" | "tabSettings" => "CustomTab",
            _ => return None,
        };
        missing(snapshot, field, kind, name)
    })
}

/// Flows go by the type of their definition here.
fn missing_flow(snapshot: &Snapshot, field: &str, name: &str) -> Option<Finding> {
    if inventory::exists(snapshot, "Flow", name) {
        return None;
    }
    Some(Finding::new(format!("In field: {field} - no FlowDefinition named {name} found")))
}

fn has_record_type(snapshot: &Snapshot, full_name: &str) -> bool {
    let Some((object, name)) = full_name.split_once('.') else { return false };
    let Some(table) = snapshot.table("RecordType") else { return false };
    let text = |row: &crate::state::table::StoredRow, field: &str| {
        let field = table.def.field(field)?;
        row.get(field.slot).as_str().map(str::to_owned)
    };
    table.written_rows().any(|(_, row)| {
        text(row, "SobjectType").as_deref() == Some(object)
            && text(row, "DeveloperName").as_deref() == Some(name)
    })
}

fn layout(snapshot: &Snapshot, unit: &Unit) -> Option<Finding> {
    let (object, _) = unit.full_name.split_once('-')?;
    if let Some(finding) = missing(snapshot, "layout", "CustomObject", object) {
        return Some(finding);
    }
    let items = unit.xml.as_ref()?.all("layoutSections");
    let items =
        items.flat_map(|section| section.all("layoutColumns")).flat_map(|column| column.all("layoutItems"));
    items
        .filter_map(|item| item.text_of("field"))
        .find_map(|field| missing(snapshot, "field", "CustomField", &format!("{object}.{}", field.trim())))
}

fn tab(snapshot: &Snapshot, unit: &Unit) -> Option<Finding> {
    let xml = unit.xml.as_ref()?;
    if !xml.is_true("customObject") {
        return None;
    }
    missing(snapshot, "customObject", "CustomObject", &unit.full_name)
}

fn object_named(snapshot: &Snapshot, xml: &Element, field: &str) -> Option<Finding> {
    missing(snapshot, field, "CustomObject", xml.text_of(field)?.trim())
}

/// `trigger Name on Object (events)`.
fn trigger(snapshot: &Snapshot, unit: &Unit) -> Option<Finding> {
    let body = &unit.files.iter().find(|(path, _)| path.ends_with(".trigger"))?.1;
    let text = String::from_utf8_lossy(body);
    let object = super::super::code::trigger_object(&text)?;
    if snapshot.table(object).is_some() || !object.contains("__") {
        return None;
    }
    let at = text.find(object).unwrap_or(0);
    Some(Finding {
        text: format!("Invalid type: {object}"),
        place: Some(super::super::shapes::place(body, at)),
    })
}

/// Custom fields that a formula names and its object does not have.
fn formula(snapshot: &Snapshot, object: &str, text: &str) -> Option<Finding> {
    let table = snapshot.table(object)?;
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.' | '$');
    let mut outside = String::new();
    // What stands in quotes is no name.
    for (at, piece) in text.split(['"', '\'']).enumerate() {
        if at % 2 == 0 {
            outside.push_str(piece);
        }
        outside.push(' ');
    }
    outside
        .split(|letter| !is_part(letter))
        .filter(|word| word.ends_with("__c") && !word.contains('.') && !word.starts_with('$'))
        .find(|word| table.def.field(word).is_none())
        .map(|word| Finding::new(format!("Field {word} does not exist. Check spelling.")))
}
