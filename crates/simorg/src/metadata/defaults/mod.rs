//! The components that every org has from the start. The same each time; objects and value sets follow from the schema.
//!
//! `samples.txt` holds files as they lie in a package; what repeats (layouts, settings, profiles) is written here.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use crate::model::ids;
use crate::state::view::Snapshot;
use crate::xml::Element;

use super::deploy::rows;
use super::schema::Author;
use super::{NAMESPACE, inventory};
use crate::components::registry;
use crate::components::{Component, Components, Stamp};

/// How long before the start the sample components were last changed.
const AGE_MS: i64 = 40 * 86_400_000;

/// Standard profiles by the names of their files.
const PROFILES: [&str; 7] = [
    "Admin",
    "ContractManager",
    "MarketingProfile",
    "ReadOnly",
    "SolutionManager",
    "Standard",
    "StandardAul",
];

/// Settings that every org has; their content is not simulated beyond one flag each.
const SETTINGS: [&str; 24] = [
    "Account",
    "Activities",
    "Address",
    "Business",
    "BusinessHours",
    "Campaign",
    "Case",
    "Chatter",
    "Company",
    "Currency",
    "Email",
    "File",
    "Forecasting",
    "Language",
    "LeadConvert",
    "Mobile",
    "Name",
    "Opportunity",
    "Order",
    "Quote",
    "Search",
    "Security",
    "Sharing",
    "UserManagement",
];

/// Fills a snapshot that holds the objects and rows of a new org. Without samples the org has what Salesforce brings.
pub(crate) fn add(snapshot: &mut Snapshot, epoch_ms: i64, with_samples: bool) {
    let author = Author { user_id: first_user(snapshot), at_ms: epoch_ms - AGE_MS };
    let mut components = Components::default();
    let stamp = Stamp { by: String::new(), at_ms: epoch_ms - AGE_MS };
    let samples = if with_samples { samples() } else { &[] };
    let all = samples
        .iter()
        .cloned()
        .chain(settings())
        .chain(profiles())
        .chain(layouts(snapshot))
        .chain(tabs(snapshot));
    let all: Vec<Component> = all.collect();
    for mut component in all {
        // Some were rows before they were components.
        rows::follow_code(snapshot, &author, &component);
        component.id = rows::id_of(snapshot, &component.kind, &component.full_name).unwrap_or_default();
        components.put(Component { created: stamp.clone(), modified: stamp.clone(), ..component });
    }
    snapshot.components = Arc::new(components);
}

/// The administrator, who was there first.
fn first_user(snapshot: &Snapshot) -> String {
    let users = snapshot.table("User").expect("a built-in object");
    ids::record_id(&users.def.id_prefix, users.def.first_counter)
}

fn document(kind: &str) -> Element {
    Element::new(kind).attribute("xmlns", NAMESPACE)
}

fn settings() -> impl Iterator<Item = Component> {
    SETTINGS.iter().map(|name| {
        let kind = format!("{name}Settings");
        Component::of_xml("Settings", name, &document(&kind))
    })
}

fn profiles() -> impl Iterator<Item = Component> {
    const EVERYBODY: [&str; 6] =
        ["ActivitiesAccess", "ApiEnabled", "ChatterInternalUser", "ListEmails", "RunReports", "ViewHelpLink"];
    const ADMINISTRATORS: [&str; 10] = [
        "AuthorApex",
        "CustomizeApplication",
        "ManageUsers",
        "ModifyAllData",
        "ModifyMetadata",
        "QueryAllFiles",
        "ViewAllData",
        "ViewAllUsers",
        "ViewEventLogFiles",
        "ViewSetup",
    ];
    PROFILES.iter().map(|name| {
        let mut granted: Vec<&str> = EVERYBODY.into();
        if *name == "Admin" {
            granted.extend(ADMINISTRATORS);
        }
        granted.sort_unstable();
        let permissions = granted.into_iter().map(|name| {
            Element::new("userPermissions")
                .with(Element::leaf("enabled", true))
                .with(Element::leaf("name", name))
        });
        let xml = document("Profile")
            .with(Element::leaf("custom", false))
            .with(Element::leaf("userLicense", "Salesforce"))
            .with_all(permissions);
        Component::of_xml("Profile", name, &xml)
    })
}

/// A page layout for each object that can have one.
fn layouts(snapshot: &Snapshot) -> Vec<Component> {
    let with_layouts = snapshot
        .tables()
        .filter(|table| table.def.flags.layoutable && inventory::is_customizable(&table.def));
    with_layouts
        .map(|table| {
            let def = &table.def;
            let items =
                def.fields.iter().filter(|field| field.updateable && field.compound_field_name.is_none());
            let column = Element::new("layoutColumns").with_all(items.take(20).map(|field| {
                let behavior = if field.is_required() { "Required" } else { "Edit" };
                Element::new("layoutItems")
                    .with(Element::leaf("behavior", behavior))
                    .with(Element::leaf("field", &field.name))
            }));
            let section = Element::new("layoutSections")
                .with(Element::leaf("customLabel", false))
                .with(Element::leaf("label", "Information"))
                .with(column)
                .with(Element::leaf("style", "TwoColumnsTopToBottom"));
            let namespace = crate::components::namespace_of("CustomObject", &def.name);
            let prefix = namespace.map(|namespace| format!("{namespace}__")).unwrap_or_default();
            let name = format!("{}-{prefix}{} Layout", def.name, def.label);
            Component::of_xml("Layout", &inventory::encoded(&name), &document("Layout").with(section))
        })
        .collect()
}

/// A tab for each custom object that is searched.
fn tabs(snapshot: &Snapshot) -> Vec<Component> {
    let with_tabs = snapshot.tables().filter(|table| table.def.flags.custom && table.def.flags.searchable);
    with_tabs
        .map(|table| {
            let xml = document("CustomTab")
                .with(Element::leaf("customObject", true))
                .with(Element::leaf("motif", "Custom53: Bell"));
            Component::of_xml("CustomTab", &table.def.name, &xml)
        })
        .collect()
}

/// The components of `samples.txt`, read once.
fn samples() -> &'static [Component] {
    static SAMPLES: OnceLock<Vec<Component>> = OnceLock::new();
    SAMPLES.get_or_init(|| {
        let mut components: Vec<Component> = Vec::new();
        for (path, body) in files(include_str!("samples.txt")) {
            let place = registry::of_path(&path).expect("a test reads these files");
            let known =
                components.iter().position(|c| c.kind == place.kind && c.full_name == place.full_name);
            let mut files = known.map(|at| components.remove(at).files).unwrap_or_default();
            files.push((path, body));
            components.push(Component::new(place.kind, &place.full_name, files));
        }
        components
    })
}

/// Files are separated by lines such as `==> classes/A.cls`. XML comes without its declaration, which is put before it.
fn files(text: &str) -> Vec<(String, Bytes)> {
    let pieces = text.split("==> ").skip(1).filter_map(|piece| piece.split_once('\n'));
    pieces
        .map(|(path, body)| {
            let body = body.trim_end();
            let body = if body.starts_with('<') && body.contains(NAMESPACE) {
                format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{body}\n")
            } else {
                format!("{body}\n")
            };
            (path.trim().to_owned(), Bytes::from(body))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::shapes;
    use super::*;

    #[test]
    fn every_sample_has_its_place_and_its_xml_is_sound() {
        for component in samples() {
            if let Some((path, body)) = component.xml_file() {
                let read = shapes::read(&component.kind, body);
                assert!(read.is_ok(), "{path}: {read:?}");
            }
        }
        assert!(samples().len() > 20, "{}", samples().len());
    }
}
