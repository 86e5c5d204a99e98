//! `FileProperties`: what listMetadata and retrieve tell of a component.

use chrono::{DateTime, SecondsFormat};

use crate::soap::leaf_or_nil;
use crate::state::Org;
use crate::xml::Element;

use crate::components::{Component, ManageableState, Stamp};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FileProperties {
    pub kind: String,
    pub full_name: String,
    pub file_name: String,
    pub id: String,
    pub created: Stamp,
    pub modified: Stamp,
    pub namespace: Option<String>,
    pub state: ManageableState,
}

impl FileProperties {
    pub(super) fn of(component: &Component) -> FileProperties {
        FileProperties {
            kind: component.kind.clone(),
            full_name: component.full_name.clone(),
            file_name: component.file_name(),
            id: component.id.clone(),
            created: component.created.clone(),
            modified: component.modified.clone(),
            namespace: component.namespace.clone(),
            state: component.manageable_state,
        }
    }

    /// A child shares its parent's file and stamps.
    pub(super) fn of_child(parent: &Component, kind: &str, full_name: &str) -> FileProperties {
        let own_name = full_name.split_once('.').map_or(full_name, |(_, name)| name);
        FileProperties {
            kind: kind.to_owned(),
            full_name: full_name.to_owned(),
            id: child_id(kind, full_name),
            namespace: crate::components::namespace_of(kind, own_name).or_else(|| parent.namespace.clone()),
            ..FileProperties::of(parent)
        }
    }

    /// As an element of this name, its children in the order of the WSDL.
    pub(super) fn element(&self, org: &Org, name: &str) -> Element {
        let (created_id, created_name) = person(org, &self.created.by);
        let (modified_id, modified_name) = person(org, &self.modified.by);
        let mut element = Element::new(name)
            .with(Element::leaf("createdById", created_id))
            .with(Element::leaf("createdByName", created_name))
            .with(Element::leaf("createdDate", iso(self.created.at_ms)))
            .with(Element::leaf("fileName", &self.file_name))
            .with(Element::leaf("fullName", &self.full_name))
            .with(Element::leaf("id", &self.id))
            .with(Element::leaf("lastModifiedById", modified_id))
            .with(Element::leaf("lastModifiedByName", modified_name))
            .with(Element::leaf("lastModifiedDate", iso(self.modified.at_ms)))
            .with(Element::leaf("manageableState", self.state.as_str()));
        if self.namespace.is_some() {
            element = element.with(leaf_or_nil("namespacePrefix", self.namespace.as_deref()));
        }
        element.with(Element::leaf("type", &self.kind))
    }
}

/// Id and name of a user; nobody in particular is the integration user.
pub(super) fn person(org: &Org, id: &str) -> (String, String) {
    let user = org.user(id).unwrap_or_else(|| org.admin());
    (user.id.clone(), user.name())
}

/// `2018-08-07T16:31:57.000Z`.
pub(super) fn iso(at_ms: i64) -> String {
    DateTime::from_timestamp_millis(at_ms).unwrap_or_default().to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Children have no place to keep an id, so it follows from their name.
fn child_id(kind: &str, full_name: &str) -> String {
    let Some((_, child)) = crate::components::registry::child(kind) else { return String::new() };
    // Standard fields have none.
    if kind == "CustomField" && !full_name.ends_with("__c") {
        return String::new();
    }
    crate::model::ids::record_id(child.id_prefix, counter_of_name(full_name))
}

/// A counter that follows from a name: FNV-1a, cut to what fits into an id.
pub(crate) fn counter_of_name(name: &str) -> u64 {
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    hash >> 8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_children_are_the_same_each_time_and_differ_by_name() {
        let id = child_id("ValidationRule", "Account.A");
        assert!(id.starts_with("03d") && id.len() == 18, "{id}");
        assert_eq!(id, child_id("ValidationRule", "Account.A"));
        assert_ne!(id, child_id("ValidationRule", "Account.B"));
        assert_eq!(child_id("CustomField", "Account.Name"), "");
    }

    #[test]
    fn times_are_written_with_milliseconds() {
        assert_eq!(iso(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(iso(1_533_659_517_000), "2018-08-07T16:31:57.000Z");
    }
}
