//! Puts the files of a project together as components.

use std::collections::BTreeMap;
use std::path::Path;

use bytes::Bytes;

use crate::components::Component;
use crate::components::registry::{self, MetadataType};
use crate::metadata::NAMESPACE;
use crate::metadata::archive;
use crate::xml::Element;

use super::files::Files;
use super::layout::{self, Role};

/// A component whose XML comes from several files.
#[derive(Default)]
struct Gathered {
    children: Vec<Element>,
    /// Only one of several wholes gives the elements that are no children.
    has_head: bool,
}

struct Assembly<'a> {
    files: BTreeMap<String, Bytes>,
    gathered: BTreeMap<(&'static str, String), Gathered>,
    archives: BTreeMap<String, archive::Files>,
    strays: Vec<String>,
    notes: &'a mut Vec<String>,
}

/// The components that the files make up; what is no metadata is told in `notes`.
pub(super) fn components(found: &Files, notes: &mut Vec<String>) -> Vec<Component> {
    let mut assembly = Assembly {
        files: BTreeMap::new(),
        gathered: BTreeMap::new(),
        archives: BTreeMap::new(),
        strays: Vec::new(),
        notes,
    };
    // What was found twice is put together where that can be; else the later file stands.
    for (inside, path) in &found.repeated {
        if matches!(layout::role(inside), Role::Whole { .. } | Role::Part { .. }) {
            assembly.add(inside, path);
        }
    }
    for (inside, path) in &found.by_path {
        assembly.add(inside, path);
    }
    assembly.finish()
}

impl Assembly<'_> {
    fn add(&mut self, inside: &str, path: &Path) {
        let role = layout::role(inside);
        if role == Role::Nothing {
            if inside.ends_with("-meta.xml") {
                self.strays.push(inside.to_owned());
            }
            return;
        }
        let Some(body) = self.body(path) else { return };
        match role {
            Role::File(place) => {
                self.files.insert(place, Bytes::from(body));
            }
            Role::Inside { resource, path } => {
                self.archives.entry(resource).or_default().push((path, Bytes::from(body)));
            }
            Role::Whole { kind, full_name } => self.whole(kind, full_name, path, &body),
            Role::Part { kind, full_name, element } => {
                if let Some(mut xml) = self.xml(path, &body) {
                    element.clone_into(&mut xml.name);
                    xml.attributes.clear();
                    self.gathered.entry((kind.name, full_name)).or_default().children.push(xml);
                }
            }
            Role::Nothing => {}
        }
    }

    fn body(&mut self, path: &Path) -> Option<Vec<u8>> {
        match std::fs::read(path) {
            Ok(body) => Some(body),
            Err(error) => {
                self.notes.push(format!("could not read `{}`: {error}", path.display()));
                None
            }
        }
    }

    fn xml(&mut self, path: &Path, body: &[u8]) -> Option<Element> {
        match Element::parse(body) {
            Ok(xml) => Some(xml),
            Err(error) => {
                self.notes.push(format!("`{}` is not XML: {error}", path.display()));
                None
            }
        }
    }

    fn whole(&mut self, kind: &'static MetadataType, full_name: String, path: &Path, body: &[u8]) {
        let Some(xml) = self.xml(path, body) else { return };
        let gathered = self.gathered.entry((kind.name, full_name)).or_default();
        let is_child = |element: &Element| kind.children.iter().any(|child| child.element == element.name);
        let keeps_head = !std::mem::replace(&mut gathered.has_head, true);
        gathered.children.extend(xml.children.into_iter().filter(|element| keeps_head || is_child(element)));
    }

    fn finish(mut self) -> Vec<Component> {
        for (resource, files) in std::mem::take(&mut self.archives) {
            match archive::write(&files) {
                Ok(body) => {
                    self.files.insert(format!("staticresources/{resource}.resource"), Bytes::from(body));
                }
                Err(error) => self.notes.push(format!("static resource `{resource}`: {error}")),
            }
        }
        documents_keep_their_suffix(&mut self.files);
        let mut by_name: BTreeMap<(&'static str, String), Vec<(String, Bytes)>> = BTreeMap::new();
        for (path, body) in std::mem::take(&mut self.files) {
            match registry::of_path(&path) {
                Some(place) => by_name.entry((place.kind, place.full_name)).or_default().push((path, body)),
                None => self.strays.push(path),
            }
        }
        let mut components: Vec<Component> = Vec::new();
        for ((kind, full_name), files) in by_name {
            components.push(Component::new(kind, &full_name, files));
        }
        for ((kind, full_name), mut gathered) in self.gathered {
            gathered
                .children
                .sort_by(|a, b| (&a.name, a.text_of("fullName")).cmp(&(&b.name, b.text_of("fullName"))));
            let xml = Element::new(kind).attribute("xmlns", NAMESPACE).with_all(gathered.children);
            components.push(Component::of_xml(kind, &full_name, &xml));
        }
        let unknown = |path| format!("`{path}` is of no metadata type that simorg knows");
        self.notes.extend(self.strays.into_iter().map(unknown));
        components
    }
}

/// `documents/F/a.document-meta.xml` describes `documents/F/a.png` and goes beside it as `a.png-meta.xml`.
fn documents_keep_their_suffix(files: &mut BTreeMap<String, Bytes>) {
    const SUFFIX: &str = ".document-meta.xml";
    let metas: Vec<String> = files
        .keys()
        .filter(|path| path.starts_with("documents/") && path.ends_with(SUFFIX))
        .cloned()
        .collect();
    for meta in metas {
        let stem = meta.trim_end_matches(SUFFIX);
        let body = files.keys().find(|path| {
            path.strip_prefix(stem).is_some_and(|rest| rest.starts_with('.') && !rest.ends_with("-meta.xml"))
        });
        if let Some(body) = body.cloned()
            && let Some(text) = files.remove(&meta)
        {
            files.insert(format!("{body}-meta.xml"), text);
        }
    }
}
