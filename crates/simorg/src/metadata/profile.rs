//! What a profile or permission set shows: everything that the org offers, cut to what is retrieved with it.
//!
//! "Profile", Metadata API Developer Guide: a retrieve gives permissions only for components that the same package names.
//! Permission sets are cut the same way, which is not confirmed in detail.

use std::collections::BTreeSet;

use crate::model::{ObjectDef, ObjectKind};
use crate::state::view::Snapshot;
use crate::xml::Element;

use super::merge::{overlay, permission_key};
use super::{NAMESPACE, inventory};
use crate::components::Component;

/// What is retrieved in the same request: type and full name.
pub(super) type Companions = BTreeSet<(String, String)>;

/// A stored profile with all permissions that it holds by what the org offers.
pub(super) fn whole(snapshot: &Snapshot, stored: &Component) -> Component {
    let Some(own) = stored.xml() else { return stored.clone() };
    if own.is_true("custom") {
        return stored.clone();
    }
    let granted = granted(snapshot, stored.full_name == "Admin");
    let xml = overlay("Profile", &granted, &own);
    let files = vec![(stored.files[0].0.clone(), xml.to_document().into())];
    Component { files, ..stored.clone() }
}

/// The XML without what concerns components that are not retrieved.
pub(super) fn cut(xml: &Element, companions: &Companions) -> Element {
    let mut xml = xml.clone();
    xml.children.retain(|element| {
        let Some(key) = permission_key(&element.name) else { return true };
        let about = element.text_of(key).map(str::trim).unwrap_or_default();
        is_shown(&element.name, about, element, companions)
    });
    xml
}

fn is_shown(element: &str, about: &str, xml: &Element, companions: &Companions) -> bool {
    let has = |kind: &str, name: &str| companions.contains(&(kind.to_owned(), name.to_owned()));
    let object = about.split(['.', '-']).next().unwrap_or(about);
    match element {
        "fieldPermissions" => has("CustomObject", object) || has("CustomField", about),
        "recordTypeVisibilities" => has("CustomObject", object) || has("RecordType", about),
        "layoutAssignments" => {
            has("Layout", about)
                && xml.text_of("recordType").is_none_or(|name| {
                    let of = name.split('.').next().unwrap_or(name);
                    has("CustomObject", of) || has("RecordType", name)
                })
        }
        "tabVisibilities" | "tabSettings" => {
            has("CustomTab", about)
                || about.strip_prefix("standard-").is_some_and(|tab| has("CustomObject", tab))
        }
        "applicationVisibilities" => has("CustomApplication", about),
        "classAccesses" => has("ApexClass", about),
        "pageAccesses" => has("ApexPage", about),
        "flowAccesses" => has("Flow", about) || has("FlowDefinition", about),
        "customPermissions" => has("CustomPermission", about),
        "objectPermissions" | "customMetadataTypeAccesses" | "customSettingAccesses" => {
            has("CustomObject", about)
        }
        "externalDataSourceAccesses" => has("ExternalDataSource", about),
        _ => true,
    }
}

/// What a standard profile grants; administrators may do everything.
fn granted(snapshot: &Snapshot, is_admin: bool) -> Element {
    let truth = |is: bool| if is { "true" } else { "false" };
    let mut parts = Vec::new();
    let mut add = |name: &str, leaves: &[(&str, &str)]| {
        parts.push(Element::new(name).with_all(leaves.iter().map(|(name, text)| Element::leaf(*name, text))));
    };
    let components = &snapshot.components;
    for app in components.of_kind("CustomApplication") {
        add(
            "applicationVisibilities",
            &[("application", &app.full_name), ("default", "false"), ("visible", "true")],
        );
    }
    for class in components.of_kind("ApexClass").filter(|class| class.namespace.is_none()) {
        add("classAccesses", &[("apexClass", &class.full_name), ("enabled", truth(is_admin))]);
    }
    for page in components.of_kind("ApexPage") {
        add("pageAccesses", &[("apexPage", &page.full_name), ("enabled", truth(is_admin))]);
    }
    for flow in components.of_kind("Flow").filter(|_| is_admin) {
        add("flowAccesses", &[("enabled", "true"), ("flow", &flow.full_name)]);
    }
    for layout in components.of_kind("Layout") {
        add("layoutAssignments", &[("layout", &layout.full_name)]);
    }
    for tab in components.of_kind("CustomTab") {
        add("tabVisibilities", &[("tab", &tab.full_name), ("visibility", "DefaultOn")]);
    }
    for table in snapshot.tables().filter(|table| inventory::is_customizable(&table.def)) {
        of_object(&table.def, is_admin, &mut add);
    }
    parts.sort_by_cached_key(|part| {
        (part.name.clone(), permission_key(&part.name).and_then(|key| part.text_of(key).map(str::to_owned)))
    });
    Element::new("Profile").attribute("xmlns", NAMESPACE).with_all(parts)
}

fn of_object(def: &ObjectDef, is_admin: bool, add: &mut impl FnMut(&str, &[(&str, &str)])) {
    let truth = |is: bool| if is { "true" } else { "false" };
    match def.kind {
        ObjectKind::CustomMetadata => {
            return add("customMetadataTypeAccesses", &[("enabled", truth(is_admin)), ("name", &def.name)]);
        }
        ObjectKind::CustomSetting => {
            return add("customSettingAccesses", &[("enabled", truth(is_admin)), ("name", &def.name)]);
        }
        ObjectKind::Big => return,
        _ => {}
    }
    let writable = truth(def.flags.updateable);
    add(
        "objectPermissions",
        &[
            ("allowCreate", truth(def.flags.createable)),
            ("allowDelete", truth(is_admin && def.flags.deletable)),
            ("allowEdit", writable),
            ("allowRead", "true"),
            ("modifyAllRecords", truth(is_admin)),
            ("object", &def.name),
            ("viewAllFields", "false"),
            ("viewAllRecords", truth(is_admin)),
        ],
    );
    for field in def.fields.iter().filter(|field| field.permissionable && !field.name.ends_with("__s")) {
        // A required field is always there, so it has no permission.
        if field.is_required() || field.compound_field_name.is_some() {
            continue;
        }
        let editable = truth(field.updateable);
        let name = format!("{}.{}", def.name, field.name);
        add("fieldPermissions", &[("editable", editable), ("field", &name), ("readable", "true")]);
    }
}
