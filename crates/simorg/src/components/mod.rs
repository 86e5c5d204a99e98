//! The components that the org has, by type and full name, with the files that a package holds of them.
//!
//! Children (fields, workflow rules, labels) are no components of their own: they lie in the XML of their parent.

pub mod registry;

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::model::ids;
use crate::xml::Element;

/// Who did something to a component, and when.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Stamp {
    /// A user's id of 18 characters; empty stands for the integration user.
    pub by: String,
    pub at_ms: i64,
}

/// `ManageableState` of the Metadata API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum ManageableState {
    #[default]
    Unmanaged,
    /// Part of an installed managed package.
    Installed,
}

impl ManageableState {
    pub fn as_str(self) -> &'static str {
        match self {
            ManageableState::Unmanaged => "unmanaged",
            ManageableState::Installed => "installed",
        }
    }
}

/// One component, as a package holds it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Component {
    /// A type of the registry, or a folder type.
    pub kind: String,
    /// As package.xml spells it.
    pub full_name: String,
    /// Paths inside a package (`classes/A.cls`, `classes/A.cls-meta.xml`) with their bodies, ordered by path.
    #[serde(with = "crate::model::forms::files")]
    pub files: Vec<(String, Bytes)>,
    /// 18 characters; empty for types that have no ids, and until `Components::put` gives it one.
    pub id: String,
    pub created: Stamp,
    pub modified: Stamp,
    pub namespace: Option<String>,
    pub manageable_state: ManageableState,
}

impl Component {
    pub fn new(kind: &str, full_name: &str, files: Vec<(String, Bytes)>) -> Component {
        let mut files = files;
        files.sort_by(|a, b| a.0.cmp(&b.0));
        let namespace = namespace_of(kind, full_name);
        Component {
            kind: kind.to_owned(),
            full_name: full_name.to_owned(),
            files,
            manageable_state: state_of(namespace.as_deref()),
            namespace,
            ..Component::default()
        }
    }

    /// A component of one XML file, at the place that the registry gives it.
    pub fn of_xml(kind: &str, full_name: &str, xml: &Element) -> Component {
        let path = xml_path(kind, full_name);
        Component::new(kind, full_name, vec![(path, Bytes::from(xml.to_document()))])
    }

    /// The XML that describes the component: its only file, or the `-meta.xml` beside a body.
    pub fn xml(&self) -> Option<Element> {
        let (_, body) = self.xml_file()?;
        Element::parse(body).ok()
    }

    pub fn xml_file(&self) -> Option<&(String, Bytes)> {
        self.files
            .iter()
            .find(|(path, _)| path.ends_with("-meta.xml"))
            .or_else(|| self.files.first().filter(|_| self.files.len() == 1))
    }

    /// `fileName` of its `FileProperties`: the body rather than its `-meta.xml`.
    pub fn file_name(&self) -> String {
        if registry::content_of(&self.kind).is_some() {
            return folder_path(&self.kind, &self.full_name);
        }
        match registry::by_name(&self.kind) {
            Some(kind) if kind.layout == registry::Layout::Bundle => {
                format!("{}/{}", kind.directory, self.full_name)
            }
            _ => {
                let body = self.files.iter().find(|(path, _)| !path.ends_with("-meta.xml"));
                body.or_else(|| self.files.first()).map(|(path, _)| path.clone()).unwrap_or_default()
            }
        }
    }

    /// The kind and full name of every child in its XML, in the order of the XML.
    pub fn children(&self) -> Vec<(&'static str, String)> {
        let Some(kind) = registry::by_name(&self.kind).filter(|kind| !kind.children.is_empty()) else {
            return Vec::new();
        };
        let Some(xml) = self.xml() else { return Vec::new() };
        let mut children = Vec::new();
        for element in &xml.children {
            let Some(child) = kind.children.iter().find(|child| child.element == element.name) else {
                continue;
            };
            if let Some(name) = element.text_of("fullName").or_else(|| element.text_of("name")) {
                let is_qualified = kind.children_are_qualified();
                let name = if is_qualified { format!("{}.{name}", self.full_name) } else { name.to_owned() };
                children.push((child.name, name));
            }
        }
        children
    }

    fn same_content(&self, other: &Component) -> bool {
        self.files == other.files
    }
}

/// Where the XML of a component lies in a package.
pub fn xml_path(kind: &str, full_name: &str) -> String {
    if registry::content_of(kind).is_some() {
        return format!("{}-meta.xml", folder_path(kind, full_name));
    }
    let Some(found) = registry::by_name(kind) else { return format!("{kind}/{full_name}") };
    let suffix = found.suffix.map(|suffix| format!(".{suffix}")).unwrap_or_default();
    let meta = if found.layout == registry::Layout::Content { "-meta.xml" } else { "" };
    format!("{}/{full_name}{suffix}{meta}", found.directory)
}

fn folder_path(kind: &str, full_name: &str) -> String {
    let directory = registry::content_of(kind).map_or("", |content| content.directory);
    format!("{directory}/{full_name}")
}

/// `ns__Name` and `ns__Name__c` belong to a namespace, `Name__c` does not.
pub fn namespace_of(kind: &str, full_name: &str) -> Option<String> {
    // An installed package is named by the namespace that it brings.
    if kind == "InstalledPackage" {
        return None;
    }
    let name = full_name.split(['.', '-']).next().unwrap_or(full_name);
    let (before, after) = name.split_once("__")?;
    let is_suffix =
        matches!(after, "c" | "r" | "b" | "e" | "x" | "mdt" | "kav" | "Share" | "History" | "Feed");
    (!is_suffix && !before.is_empty() && !before.contains('_') && before.len() <= 15)
        .then(|| before.to_owned())
}

/// Components with a namespace came in a managed package.
pub(crate) fn state_of(namespace: Option<&str>) -> ManageableState {
    if namespace.is_some() { ManageableState::Installed } else { ManageableState::Unmanaged }
}

/// What `put` did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    Created,
    Changed,
    Unchanged,
}

/// All components. Cloning copies names and shares bodies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Components {
    by_kind: BTreeMap<String, BTreeMap<String, Arc<Component>>>,
    /// The counter of the next id.
    given: u64,
}

impl Components {
    /// What a saved org holds of them: the components, and the counter of the next id.
    pub(crate) fn from_saved(components: Vec<Component>, given: u64) -> Components {
        let mut all = Components { given, ..Components::default() };
        for component in components {
            let named = all.by_kind.entry(component.kind.clone()).or_default();
            named.insert(component.full_name.clone(), Arc::new(component));
        }
        all
    }

    pub(crate) fn given(&self) -> u64 {
        self.given
    }

    pub fn get(&self, kind: &str, full_name: &str) -> Option<&Arc<Component>> {
        self.by_kind.get(kind)?.get(full_name)
    }

    /// The components of one kind, by full name.
    pub fn of_kind<'a>(&'a self, kind: &str) -> impl Iterator<Item = &'a Arc<Component>> {
        self.by_kind.get(kind).into_iter().flat_map(BTreeMap::values)
    }

    /// All, by kind and full name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Component>> {
        self.by_kind.values().flat_map(BTreeMap::values)
    }

    pub fn len(&self) -> usize {
        self.by_kind.values().map(BTreeMap::len).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.by_kind.is_empty()
    }

    /// Adds or replaces a component. What was there keeps its id and its creation; the same content changes nothing.
    pub fn put(&mut self, mut component: Component) -> Change {
        let counter = self.given + 1;
        let prefix = match registry::content_of(&component.kind) {
            Some(_) => Some(registry::FOLDER_ID_PREFIX),
            None => registry::by_name(&component.kind).and_then(|kind| kind.id_prefix),
        };
        let named = self.by_kind.entry(component.kind.clone()).or_default();
        if let Some(old) = named.get(&component.full_name) {
            if old.same_content(&component) {
                return Change::Unchanged;
            }
            component.id.clone_from(&old.id);
            component.created.clone_from(&old.created);
            named.insert(component.full_name.clone(), Arc::new(component));
            return Change::Changed;
        }
        if let Some(prefix) = prefix.filter(|_| component.id.is_empty()) {
            component.id = ids::record_id(prefix, counter);
            self.given = counter;
        }
        named.insert(component.full_name.clone(), Arc::new(component));
        Change::Created
    }

    pub fn remove(&mut self, kind: &str, full_name: &str) -> Option<Arc<Component>> {
        let named = self.by_kind.get_mut(kind)?;
        let removed = named.remove(full_name);
        if named.is_empty() {
            self.by_kind.remove(kind);
        }
        removed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(body: &str) -> Component {
        let meta = Element::new("ApexClass").with(Element::leaf("status", "Active")).to_document();
        let files = vec![
            ("classes/A.cls-meta.xml".to_owned(), Bytes::from(meta)),
            ("classes/A.cls".to_owned(), Bytes::copy_from_slice(body.as_bytes())),
        ];
        Component::new("ApexClass", "A", files)
    }

    #[test]
    fn a_component_keeps_its_id_when_it_is_replaced() {
        let mut components = Components::default();
        assert_eq!(components.put(class("a")), Change::Created);
        let id = components.get("ApexClass", "A").unwrap().id.clone();
        assert_eq!(components.put(class("a")), Change::Unchanged);
        assert_eq!(components.put(class("b")), Change::Changed);

        let found = components.get("ApexClass", "A").unwrap();
        assert!(id.starts_with("01p") && id.len() == 18, "{id}");
        assert_eq!(found.id, id);
        assert_eq!(found.file_name(), "classes/A.cls");
        assert_eq!(found.xml().unwrap().text_of("status"), Some("Active"));
        assert_eq!(components.len(), 1);
        assert!(components.remove("ApexClass", "A").is_some() && components.is_empty());
    }

    #[test]
    fn children_are_found_in_the_xml_of_their_parent() {
        let field = Element::new("fields").with(Element::leaf("fullName", "Score__c"));
        let xml = Element::new("CustomObject").with(field).with(Element::leaf("label", "Account"));
        let object = Component::of_xml("CustomObject", "Account", &xml);
        assert_eq!(object.files[0].0, "objects/Account.object");
        assert_eq!(object.children(), [("CustomField", "Account.Score__c".to_owned())]);

        let label = Element::new("labels").with(Element::leaf("fullName", "Hello"));
        let labels =
            Component::of_xml("CustomLabels", "CustomLabels", &Element::new("CustomLabels").with(label));
        assert_eq!(labels.children(), [("CustomLabel", "Hello".to_owned())]);
    }

    #[test]
    fn namespaces_are_told_from_suffixes() {
        for (kind, name, namespace) in [
            ("CustomObject", "acme__Thing__c", Some("acme")),
            ("CustomObject", "Thing__c", None),
            ("Layout", "acme__Thing__c-acme__Thing Layout", Some("acme")),
            ("CustomMetadata", "Tariff.A", None),
            ("ApexClass", "acme__Tool", Some("acme")),
            ("InstalledPackage", "acme", None),
        ] {
            assert_eq!(namespace_of(kind, name).as_deref(), namespace, "{name}");
        }
    }
}
