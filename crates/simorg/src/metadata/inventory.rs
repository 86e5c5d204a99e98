//! All components of the org: those that are stored, and those that follow from the schema.
//!
//! An object is what the schema says of it with what is stored of it laid over; a stored field that the schema does not have is
//! gone. Standard value sets are the values of their fields, and the standard profiles grant what the schema and the stored
//! components offer.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::model::{ObjectDef, ObjectKind};
use crate::state::view::Snapshot;
use crate::xml::Element;

use super::merge::{self, overlay};
use super::properties::counter_of_name;
use super::{NAMESPACE, profile, schema};
use crate::components::Component;
use crate::components::registry;

/// The component of this kind and name. Names are also taken without the percent signs of file names.
pub(crate) fn find(snapshot: &Snapshot, kind: &str, full_name: &str) -> Option<Arc<Component>> {
    let stored = |name: &str| snapshot.components.get(kind, name).cloned();
    match kind {
        "CustomObject" => object(snapshot, full_name).map(Arc::new),
        "StandardValueSet" => value_set(snapshot, full_name).map(Arc::new),
        "Profile" => stored(full_name).map(|stored| Arc::new(profile::whole(snapshot, &stored))),
        _ => stored(full_name).or_else(|| stored(&encoded(full_name))),
    }
}

/// All components of a kind, by full name.
pub(crate) fn of_kind(snapshot: &Snapshot, kind: &str) -> Vec<Arc<Component>> {
    match kind {
        "CustomObject" => {
            object_names(snapshot).iter().filter_map(|name| object(snapshot, name)).map(Arc::new).collect()
        }
        "Profile" => snapshot
            .components
            .of_kind(kind)
            .map(|stored| Arc::new(profile::whole(snapshot, stored)))
            .collect(),
        _ => snapshot.components.of_kind(kind).cloned().collect(),
    }
}

/// Whether there is such a component or child.
pub(super) fn exists(snapshot: &Snapshot, kind: &str, full_name: &str) -> bool {
    if kind == "CustomObject" {
        return snapshot.table(full_name).is_some() || snapshot.components.get(kind, full_name).is_some();
    }
    if kind == "CustomField"
        && let Some((object, field)) = full_name.split_once('.')
        && let Some(table) = snapshot.table(object)
    {
        // References go by their name without `Id` in metadata.
        return table.def.field(field).is_some() || table.def.field(&format!("{field}Id")).is_some();
    }
    if let Some((parent, _)) = registry::child(kind) {
        let holder = full_name.split_once('.').map_or(parent.name, |(object, _)| object);
        let children = snapshot.components.get(parent.name, holder).map(|stored| stored.children());
        return children
            .is_some_and(|children| children.iter().any(|(of, name)| *of == kind && name == full_name));
    }
    snapshot.components.get(kind, full_name).is_some()
        || snapshot.components.get(kind, &encoded(full_name)).is_some()
        || kind == "StandardValueSet" && value_set(snapshot, full_name).is_some()
}

/// The names of all objects that metadata shows.
pub(super) fn object_names(snapshot: &Snapshot) -> BTreeSet<String> {
    let stored = snapshot.components.of_kind("CustomObject").map(|stored| stored.full_name.clone());
    let defined = snapshot.tables().filter(|table| is_customizable(&table.def)).map(|t| t.def.name.clone());
    stored.chain(defined).collect()
}

/// Standard objects count if they have page layouts; history, shares and the like never do.
pub(super) fn is_customizable(def: &ObjectDef) -> bool {
    match def.kind {
        ObjectKind::Standard => def.flags.layoutable || def.name == "User",
        ObjectKind::Share | ObjectKind::History | ObjectKind::Feed | ObjectKind::ChangeEvent => false,
        _ => true,
    }
}

fn object(snapshot: &Snapshot, name: &str) -> Option<Component> {
    let stored = snapshot.components.get("CustomObject", name);
    let def =
        snapshot.table(name).map(|table| &table.def).filter(|def| def.name == name && is_customizable(def));
    let Some(def) = def else { return stored.map(|stored| (**stored).clone()) };
    let mut xml = schema::write::object(def);
    if let Some(over) = stored.and_then(|stored| stored.xml()) {
        xml = overlay("CustomObject", &xml, &over);
        xml.children.retain(|element| element.name != "fields" || is_of(def, element));
    }
    let mut component = Component::of_xml("CustomObject", name, &xml);
    if let Some(stored) = stored {
        component.id.clone_from(&stored.id);
        component.created.clone_from(&stored.created);
        component.modified.clone_from(&stored.modified);
        component.manageable_state = stored.manageable_state;
    } else if def.flags.custom {
        component.id = crate::model::ids::record_id("01I", counter_of_name(name));
        component.manageable_state = crate::components::state_of(component.namespace.as_deref());
    }
    Some(component)
}

fn is_of(def: &ObjectDef, field: &Element) -> bool {
    let name = field.text_of("fullName").map(str::trim).unwrap_or_default();
    !name.ends_with("__c") || def.field(name).is_some()
}

fn value_set(snapshot: &Snapshot, name: &str) -> Option<Component> {
    let xml = schema::standard_values::write(snapshot, name)?;
    let xml = if xml.attributes.is_empty() { xml.attribute("xmlns", NAMESPACE) } else { xml };
    Some(Component::of_xml("StandardValueSet", name, &xml))
}

/// A component with only these children, as retrieving children alone gives it.
pub(super) fn only_children(component: &Component, wanted: &BTreeSet<(String, String)>) -> Option<Component> {
    let xml = component.xml()?;
    let (own, children) = merge::split(&component.kind, &component.full_name, &xml);
    let kept = children
        .into_iter()
        .filter(|child| wanted.contains(&(child.kind.to_owned(), child.full_name.clone())))
        .map(|child| child.xml);
    let xml = Element { children: kept.collect(), ..own };
    let path = component.xml_file()?.0.clone();
    Some(Component { files: vec![(path, xml.to_document().into())], ..component.clone() })
}

/// A full name as file names carry it: `Account-Account %28Sales%29 Layout`.
pub(super) fn encoded(full_name: &str) -> String {
    let mut text = String::with_capacity(full_name.len());
    for letter in full_name.chars() {
        match letter {
            '(' => text.push_str("%28"),
            ')' => text.push_str("%29"),
            '&' => text.push_str("%26"),
            '+' => text.push_str("%2B"),
            '"' => text.push_str("%22"),
            '\'' => text.push_str("%27"),
            ',' => text.push_str("%2C"),
            ':' => text.push_str("%3A"),
            '?' => text.push_str("%3F"),
            '[' => text.push_str("%5B"),
            ']' => text.push_str("%5D"),
            letter => text.push(letter),
        }
    }
    text
}
