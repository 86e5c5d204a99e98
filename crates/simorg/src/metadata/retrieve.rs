//! retrieve: from the members that a request names to the files of a zip.
//!
//! What cannot be found is a message beside the zip; the retrieve still succeeds (`RetrieveResult`, Metadata API Developer
//! Guide). What `*` does not bring: standard objects, managed components, contents of folders, standard value sets.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;

use crate::state::view::Snapshot;
use crate::state::{Org, User};
use crate::xml::Element;

use super::archive::{self, ArchiveError, Files};
use super::manifest::Manifest;
use super::properties::FileProperties;
use super::{inventory, profile};
use crate::components::registry::{self, Layout, MetadataType};
use crate::components::{Component, ManageableState, Stamp};

/// What a client asks for.
#[derive(Debug, Clone, Default)]
pub(super) struct Request {
    unpackaged: Option<Manifest>,
    package_names: Vec<String>,
    specific_files: Vec<String>,
    single_package: bool,
    version: String,
}

/// The outcome: a zip with what is in it, and what was not found as file name and problem.
#[derive(Debug, Clone, Default)]
pub(super) struct Retrieved {
    pub zip: Vec<u8>,
    pub properties: Vec<FileProperties>,
    pub messages: Vec<(String, String)>,
}

/// Why a whole retrieve fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    pub code: String,
    pub message: String,
}

impl From<ArchiveError> for Failure {
    fn from(error: ArchiveError) -> Failure {
        Failure { code: error.code().to_owned(), message: format!("{}: {error}", error.code()) }
    }
}

impl Request {
    pub(super) fn of_xml(xml: &Element, version: &str) -> Request {
        let texts = |name: &str| -> Vec<String> {
            xml.all(name).map(|e| e.text.trim().to_owned()).filter(|t| !t.is_empty()).collect()
        };
        let flag = xml.text_of("singlePackage").unwrap_or_default().trim();
        Request {
            unpackaged: xml.child("unpackaged").map(Manifest::of_xml),
            package_names: texts("packageNames"),
            specific_files: texts("specificFiles"),
            // Some clients write it with a capital letter.
            single_package: flag.eq_ignore_ascii_case("true") || flag == "1",
            version: xml.text_of("apiVersion").map_or(version, str::trim).to_owned(),
        }
    }

    /// Gathers the components as they are now and zips them.
    pub(super) fn run(&self, org: &Org, user: &User) -> Result<Retrieved, Failure> {
        let snapshot = org.snapshot();
        let mut gathered = Gathered::default();
        for name in &self.package_names {
            let manifest = packaged(&snapshot, name)?;
            let root = if self.single_package && self.package_names.len() == 1 && self.unpackaged.is_none() {
                String::new()
            } else {
                format!("{name}/")
            };
            self.gather(&snapshot, &manifest, (&root, &format!("{name}/")), &mut gathered);
        }
        if let Some(manifest) = &self.unpackaged {
            let root = if self.single_package { "" } else { "unpackaged/" };
            self.gather(&snapshot, manifest, (root, "unpackaged/"), &mut gathered);
        }
        if !self.specific_files.is_empty() {
            gathered.keep_only(&self.specific_files);
        }
        gathered.note_manifests(org, user);
        let mut files = gathered.files;
        files.extend(gathered.manifests);
        Ok(Retrieved {
            zip: archive::write(&files)?,
            properties: gathered.properties,
            messages: gathered.messages,
        })
    }

    /// `roots` are where files lie in the zip, and what their names begin with in `FileProperties`.
    fn gather(&self, snapshot: &Snapshot, manifest: &Manifest, roots: (&str, &str), into: &mut Gathered) {
        let (root, told) = roots;
        let mut selection = Selection {
            snapshot,
            whole: BTreeMap::new(),
            parts: BTreeMap::new(),
            parents: BTreeMap::new(),
            problems: Vec::new(),
        };
        for (kind, member) in manifest.members() {
            selection.add(kind, member);
        }
        let companions = selection.companions();
        for component in selection.whole.values() {
            let component = shown(component, &companions);
            into.add(&component, roots, None);
        }
        for ((kind, name), wanted) in &selection.parts {
            if selection.whole.contains_key(&(kind.clone(), name.clone())) {
                continue;
            }
            let Some(parent) = inventory::find(snapshot, kind, name) else { continue };
            if let Some(part) = inventory::only_children(&parent, wanted) {
                into.add(&part, roots, Some(wanted));
            }
        }
        let version = manifest.version.as_deref().unwrap_or(&self.version);
        into.manifests.push((format!("{root}package.xml"), Bytes::from(manifest.document(version))));
        let place = format!("{told}package.xml");
        into.messages.extend(selection.problems.into_iter().map(|problem| (place.clone(), problem)));
        into.manifest_names.push(place);
    }
}

/// What a package that was deployed by name holds.
fn packaged(snapshot: &Snapshot, name: &str) -> Result<Manifest, Failure> {
    let package = snapshot.components.get("Package", name).and_then(|package| package.xml());
    package.map(|xml| Manifest::of_xml(&xml)).ok_or_else(|| Failure {
        code: "INVALID_CROSS_REFERENCE_KEY".to_owned(),
        message: format!("INVALID_CROSS_REFERENCE_KEY: No package named '{name}' found"),
    })
}

#[derive(Default)]
struct Gathered {
    files: Files,
    manifests: Files,
    manifest_names: Vec<String>,
    properties: Vec<FileProperties>,
    messages: Vec<(String, String)>,
}

impl Gathered {
    fn add(
        &mut self,
        component: &Component,
        (root, told): (&str, &str),
        parts: Option<&BTreeSet<(String, String)>>,
    ) {
        for (path, body) in &component.files {
            self.files.push((format!("{root}{path}"), body.clone()));
        }
        let is_bundle = registry::by_name(&component.kind).is_some_and(|kind| kind.layout == Layout::Bundle);
        let described = match parts {
            Some(parts) => {
                parts.iter().map(|(kind, name)| FileProperties::of_child(component, kind, name)).collect()
            }
            None if is_bundle => {
                let of = FileProperties::of(component);
                let of_file =
                    |(path, _): &(String, Bytes)| FileProperties { file_name: path.clone(), ..of.clone() };
                component.files.iter().map(of_file).collect()
            }
            None => vec![FileProperties::of(component)],
        };
        self.properties.extend(described.into_iter().map(|properties| FileProperties {
            file_name: format!("{told}{}", properties.file_name),
            ..properties
        }));
    }

    /// `specificFiles`: of everything only these, named with or without `unpackaged/`.
    fn keep_only(&mut self, wanted: &[String]) {
        let is_wanted = |path: &str| {
            wanted.iter().any(|name| name == path || name.strip_prefix("unpackaged/") == Some(path))
        };
        self.files.retain(|(path, _)| is_wanted(path));
        self.properties.retain(|properties| {
            wanted.iter().any(|name| {
                let bare = properties.file_name.strip_prefix("unpackaged/").unwrap_or(&properties.file_name);
                name == &properties.file_name || name == bare
            })
        });
    }

    /// Every package.xml is told among the files.
    fn note_manifests(&mut self, org: &Org, user: &User) {
        let stamp = Stamp { by: user.id.clone(), at_ms: org.stamp_ms() };
        for name in &self.manifest_names {
            self.properties.push(FileProperties {
                kind: "Package".to_owned(),
                full_name: name.clone(),
                file_name: name.clone(),
                id: String::new(),
                created: stamp.clone(),
                modified: stamp.clone(),
                namespace: None,
                state: ManageableState::Unmanaged,
            });
        }
    }
}

/// What the members of a manifest come to.
struct Selection<'a> {
    snapshot: &'a Snapshot,
    whole: BTreeMap<(String, String), Arc<Component>>,
    /// Children that are asked for by themselves, by kind and name of their parent.
    parts: BTreeMap<(String, String), BTreeSet<(String, String)>>,
    /// Parents that were looked into, with their children: many members may lie in one.
    parents: BTreeMap<(String, String), Option<Parent>>,
    problems: Vec<String>,
}

type Parent = (Arc<Component>, BTreeSet<(&'static str, String)>);

impl Selection<'_> {
    fn add(&mut self, kind: &str, member: &str) {
        if let Some(found) = registry::by_name(kind) {
            return if member == "*" { self.add_all(found) } else { self.add_one(found, member) };
        }
        match registry::child(kind) {
            Some((parent, _)) if member == "*" => self.add_all_children(parent, kind),
            Some((parent, _)) => self.add_child(parent, kind, member),
            None => self.problems.push(format!("Entity type: '{kind}' is unknown")),
        }
    }

    fn add_all(&mut self, kind: &MetadataType) {
        if !kind.wildcard {
            return;
        }
        for component in inventory::of_kind(self.snapshot, kind.name) {
            let is_standard = kind.name == "CustomObject" && !component.full_name.contains("__");
            if !is_standard && component.manageable_state == ManageableState::Unmanaged {
                self.take(component);
            }
        }
    }

    fn add_one(&mut self, kind: &MetadataType, member: &str) {
        // A slash at the end says that the folder is meant, which Salesforce's own tools write.
        let folder = kind.folder_type().and_then(|folder| {
            self.snapshot.components.get(folder, member.strip_suffix('/').unwrap_or(member)).cloned()
        });
        // The public default folder has no file of its own.
        if kind.in_folder && member == "unfiled$public" {
            return;
        }
        match folder.or_else(|| inventory::find(self.snapshot, kind.name, member)) {
            Some(component) => self.take(component),
            None => self.missing(kind.name, member),
        }
    }

    fn take(&mut self, component: Arc<Component>) {
        self.whole.insert((component.kind.clone(), component.full_name.clone()), component);
    }

    fn missing(&mut self, kind: &str, member: &str) {
        self.problems.push(format!("Entity of type '{kind}' named '{member}' cannot be found"));
    }

    /// `*` does not bring what lies in objects.
    fn add_all_children(&mut self, parent: &MetadataType, kind: &str) {
        if parent.name == "CustomObject" {
            return;
        }
        for component in inventory::of_kind(self.snapshot, parent.name) {
            for (of, name) in component.children() {
                if of == kind {
                    self.note_part(&component, kind, &name);
                }
            }
        }
    }

    fn add_child(&mut self, parent: &MetadataType, kind: &str, member: &str) {
        let holder = if parent.children_are_qualified() {
            member.split_once('.').map_or("", |(holder, _)| holder)
        } else {
            parent.name
        };
        let key = (parent.name.to_owned(), holder.to_owned());
        let snapshot = self.snapshot;
        let found = self.parents.entry(key).or_insert_with(|| {
            let component = inventory::find(snapshot, parent.name, holder)?;
            let children = component.children().into_iter().collect();
            Some((component, children))
        });
        let child = registry::child(kind).map_or("", |(_, child)| child.name);
        match found {
            Some((component, children)) if children.contains(&(child, member.to_owned())) => {
                let component = component.clone();
                self.note_part(&component, kind, member);
            }
            _ => self.missing(kind, member),
        }
    }

    fn note_part(&mut self, parent: &Component, kind: &str, name: &str) {
        let parts = self.parts.entry((parent.kind.clone(), parent.full_name.clone())).or_default();
        parts.insert((kind.to_owned(), name.to_owned()));
    }

    fn companions(&self) -> profile::Companions {
        let parts = self.parts.values().flatten().cloned();
        self.whole.keys().cloned().chain(parts).collect()
    }
}

/// A component as the request that it is part of shows it.
fn shown(component: &Component, companions: &profile::Companions) -> Component {
    if matches!(component.kind.as_str(), "Profile" | "PermissionSet")
        && let Some(xml) = component.xml()
    {
        let path = component.files[0].0.clone();
        let body = profile::cut(&xml, companions).to_document();
        return Component { files: vec![(path, body.into())], ..component.clone() };
    }
    // The code of a managed package is its maker's secret.
    if component.manageable_state == ManageableState::Installed
        && matches!(component.kind.as_str(), "ApexClass" | "ApexTrigger")
    {
        let hide = |(path, body): &(String, Bytes)| {
            let is_meta = path.ends_with("-meta.xml");
            (path.clone(), if is_meta { body.clone() } else { Bytes::from_static(b"(hidden)") })
        };
        return Component { files: component.files.iter().map(hide).collect(), ..component.clone() };
    }
    component.clone()
}
