//! listMetadata: what there is of up to three types, each possibly in a folder.

use crate::soap::{Call, Contents, SoapFault};
use crate::state::view::Snapshot;

use super::inventory;
use super::properties::FileProperties;
use crate::components::registry;

/// `listMetadata()` of the Metadata API Developer Guide.
const MOST_QUERIES: usize = 3;

pub(super) fn list_metadata(call: &Call) -> Contents {
    let queries: Vec<_> = call.arguments().all("queries").collect();
    if queries.len() > MOST_QUERIES {
        let message = format!("listMetadata call: maximum number of queries is {MOST_QUERIES}");
        return Err(SoapFault::new("LIMIT_EXCEEDED", message));
    }
    let org = &call.state.org;
    let snapshot = org.snapshot();
    let mut results = Vec::new();
    for query in queries {
        let kind = query.text_of("type").map(str::trim).unwrap_or_default();
        let folder = query.text_of("folder").map(str::trim).filter(|folder| !folder.is_empty());
        let found = listed(&snapshot, kind, folder)
            .ok_or_else(|| SoapFault::new("INVALID_TYPE", format!("Unknown type:{kind}")))?;
        results.extend(found.iter().map(|properties| properties.element(org, "result")));
    }
    Ok(results)
}

/// `None` if there is no such type.
pub(super) fn listed(snapshot: &Snapshot, kind: &str, folder: Option<&str>) -> Option<Vec<FileProperties>> {
    if registry::content_of(kind).is_some() {
        return Some(snapshot.components.of_kind(kind).map(|found| FileProperties::of(found)).collect());
    }
    if let Some((parent, _)) = registry::child(kind) {
        return Some(children(snapshot, parent.name, kind));
    }
    let found = registry::by_name(kind)?;
    // Standard value sets have fixed names, which are not listed.
    if found.name == "StandardValueSet" {
        return Some(Vec::new());
    }
    if found.in_folder {
        let Some(folder) = folder else { return Some(Vec::new()) };
        let within = format!("{folder}/");
        let in_folder = snapshot.components.of_kind(kind).filter(|component| {
            component.full_name.strip_prefix(&within).is_some_and(|name| !name.contains('/'))
        });
        return Some(in_folder.map(|found| FileProperties::of(found)).collect());
    }
    if kind == "Profile" {
        return Some(snapshot.components.of_kind(kind).map(|found| FileProperties::of(found)).collect());
    }
    Some(inventory::of_kind(snapshot, kind).iter().map(|found| FileProperties::of(found)).collect())
}

fn children(snapshot: &Snapshot, parent: &str, kind: &str) -> Vec<FileProperties> {
    let mut found = Vec::new();
    for component in inventory::of_kind(snapshot, parent) {
        for (of, name) in component.children() {
            if of == kind {
                found.push(FileProperties::of_child(&component, kind, &name));
            }
        }
    }
    found
}
