//! Reading a deployed zip: which components it holds, which to remove, and what is wrong with it as a package.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use crate::xml::Element;

use super::super::archive::Files;
use super::super::manifest::Manifest;
use super::super::merge::{self, Child};
use super::super::shapes;
use super::Options;
use super::report::Message;
use crate::components::registry::{self, Layout, Place};

/// One component of the zip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Unit {
    pub kind: String,
    pub full_name: String,
    /// The file that messages about it name.
    pub file_name: String,
    /// Paths without the root of the package.
    pub files: Vec<(String, Bytes)>,
    /// Its XML without children; `None` if it has none.
    pub xml: Option<Element>,
    /// Whether the component itself is deployed, and not only children of it.
    pub is_named: bool,
    pub children: Vec<Child>,
}

/// One component to remove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Removal {
    pub kind: String,
    pub full_name: String,
    pub file_name: String,
    /// After what is deployed, rather than before it.
    pub is_after: bool,
}

/// What a package asks for.
#[derive(Debug, Clone, Default)]
pub(super) struct Plan {
    pub units: Vec<Unit>,
    pub removals: Vec<Removal>,
    /// What is wrong with the package itself, and what is right: its package.xml.
    pub messages: Vec<Message>,
    pub manifest: Manifest,
}

/// One plan for each package in the zip.
pub(super) fn plans(files: &Files, options: &Options) -> Vec<Plan> {
    if options.single_package {
        return vec![plan(files.iter().map(|(path, body)| (path.as_str(), body)), "", options)];
    }
    let mut roots: Vec<&str> = Vec::new();
    for (path, _) in files {
        let root = path.split_once('/').map_or("", |(root, _)| root);
        if !roots.contains(&root) {
            roots.push(root);
        }
    }
    roots.retain(|root| !root.is_empty());
    if roots.is_empty() {
        return vec![without_manifest("")];
    }
    let of_root = |root: &str| {
        let prefix = format!("{root}/");
        let within = files.iter().filter_map(|(path, body)| Some((path.strip_prefix(&prefix)?, body)));
        plan(within, &prefix, options)
    };
    roots.into_iter().map(of_root).collect()
}

fn without_manifest(root: &str) -> Plan {
    let place = format!("{root}package.xml");
    Plan {
        messages: vec![Message::error("", "package.xml", &place, "No package.xml found")],
        ..Plan::default()
    }
}

fn plan<'a>(files: impl Iterator<Item = (&'a str, &'a Bytes)>, root: &str, options: &Options) -> Plan {
    let files: BTreeMap<&str, &Bytes> = files.collect();
    let Some(body) = files.get("package.xml") else { return without_manifest(root) };
    let place = format!("{root}package.xml");
    let manifest = match shapes::read("Package", body) {
        Ok(xml) => Manifest::of_xml(&xml),
        Err(error) => {
            let message =
                Message::error("", "package.xml", &place, &error.message).at(error.line, error.column);
            return Plan { messages: vec![message], ..Plan::default() };
        }
    };
    let mut plan = Plan { manifest, ..Plan::default() };
    plan.messages.push(Message::success("", "package.xml", &place).changed());
    removals(&mut plan, &files, root);
    let mut reader = Reader { root, place: &place, options, plan: &mut plan };
    reader.unknown_types();
    let components = reader.components(&files);
    for ((kind, name), files) in components {
        reader.unit(kind, &name, files);
    }
    reader.absent();
    plan
}

/// The three files of destructive changes, in the order in which they strike.
fn removals(plan: &mut Plan, files: &BTreeMap<&str, &Bytes>, root: &str) {
    const NAMES: [(&str, bool); 3] = [
        ("destructiveChangesPre.xml", false),
        ("destructiveChanges.xml", false),
        ("destructiveChangesPost.xml", true),
    ];
    for (name, is_after) in NAMES {
        let Some(body) = files.get(name) else { continue };
        let place = format!("{root}{name}");
        let manifest = match shapes::read("Package", body) {
            Ok(xml) => Manifest::of_xml(&xml),
            Err(error) => {
                let message = Message::error("", name, &place, &error.message).at(error.line, error.column);
                plan.messages.push(message);
                continue;
            }
        };
        plan.messages.push(Message::success("", name, &place));
        for (kind, member) in manifest.members() {
            let is_known = registry::by_name(kind).is_some() || registry::child(kind).is_some();
            if !is_known {
                let problem = format!("Unknown type name '{kind}' specified in {name}");
                plan.messages.push(Message::error("", name, &place, &problem));
            } else if member == "*" {
                let problem = format!("Wildcards are not supported in {name}: {kind}");
                plan.messages.push(Message::error(kind, member, &place, &problem));
            } else {
                plan.removals.push(Removal {
                    kind: kind.to_owned(),
                    full_name: member.to_owned(),
                    file_name: place.clone(),
                    is_after,
                });
            }
        }
    }
}

struct Reader<'a> {
    root: &'a str,
    /// The package.xml.
    place: &'a str,
    options: &'a Options,
    plan: &'a mut Plan,
}

type Found<'a> = BTreeMap<(&'static str, String), Vec<(&'a str, &'a Bytes)>>;

impl Reader<'_> {
    fn unknown_types(&mut self) {
        let unknown: BTreeSet<&String> = self
            .plan
            .manifest
            .types
            .iter()
            .map(|(kind, _)| kind)
            .filter(|kind| registry::by_name(kind).is_none() && registry::child(kind).is_none())
            .collect();
        for kind in unknown {
            let problem = format!("Unknown type name '{kind}' specified in package.xml");
            self.plan.messages.push(Message::error("", "package.xml", self.place, &problem));
        }
    }

    /// The files by component; those that belong nowhere are told.
    fn components<'f>(&mut self, files: &BTreeMap<&'f str, &'f Bytes>) -> Found<'f> {
        let mut found = Found::new();
        for (path, body) in files {
            // The manifests lie at the root.
            if !path.contains('/') {
                continue;
            }
            match registry::of_path(path) {
                Some(Place { kind, full_name, .. }) => {
                    found.entry((kind, full_name)).or_default().push((*path, *body));
                }
                None if path.starts_with("lwc/") || path.starts_with("aura/") => {}
                None => {
                    let name = path.rsplit('/').next().unwrap_or(path);
                    let place = format!("{}{path}", self.root);
                    self.plan.messages.push(Message::error("", name, &place, "Not in package.xml"));
                }
            }
        }
        found
    }

    fn unit(&mut self, kind: &'static str, name: &str, files: Vec<(&str, &Bytes)>) {
        let files: Vec<(String, Bytes)> =
            files.into_iter().map(|(path, body)| (path.to_owned(), body.clone())).collect();
        let component = crate::components::Component::new(kind, name, files);
        let file_name = format!("{}{}", self.root, component.file_name());
        let xml = match self.xml(&component, &file_name) {
            Ok(xml) => xml,
            Err(message) => return self.plan.messages.push(*message),
        };
        let (xml, children) = match xml {
            Some(xml) => {
                let (own, children) = merge::split(kind, name, &xml);
                (Some(own), children)
            }
            None => (None, Vec::new()),
        };
        // Members name folders and their contents by the type of the contents.
        let named_as = registry::content_of(kind).map_or(kind, |content| content.name);
        let manifest = &self.plan.manifest;
        let is_named = manifest.covers(named_as, name) || self.options.auto_update_package;
        let named: Vec<Child> = children
            .into_iter()
            .filter(|child| is_named || manifest.covers(child.kind, &child.full_name))
            .collect();
        if !is_named && named.is_empty() {
            self.plan.messages.push(Message::error(kind, name, &file_name, "Not in package.xml"));
            return;
        }
        self.plan.units.push(Unit {
            kind: kind.to_owned(),
            full_name: name.to_owned(),
            file_name,
            files: component.files,
            xml,
            is_named,
            children: named,
        });
    }

    /// The XML of a component, if it has any and it can be read.
    fn xml(
        &self,
        component: &crate::components::Component,
        file_name: &str,
    ) -> Result<Option<Element>, Box<Message>> {
        let (kind, name) = (component.kind.as_str(), component.full_name.as_str());
        let layout = registry::by_name(kind).map_or(Layout::Xml, |kind| kind.layout);
        let meta = component.files.iter().find(|(path, _)| path.ends_with("-meta.xml"));
        let xml = match layout {
            Layout::Bundle => meta,
            Layout::Xml => component.files.first(),
            Layout::Content => {
                let Some(meta) = meta else {
                    let problem = format!(
                        "The object '{name}' of type {kind} metadata file is missing, remove object from package.xml or add the corresponding '-meta.xml' metadata file"
                    );
                    return Err(Box::new(Message::error(kind, name, file_name, &problem)));
                };
                if component.files.len() < 2 {
                    let problem = format!(
                        "An object '{name}' of type {kind} was named in package.xml, but was not found in zipped directory"
                    );
                    return Err(Box::new(Message::error(kind, name, self.place, &problem)));
                }
                Some(meta)
            }
        };
        let Some((path, body)) = xml else { return Ok(None) };
        shapes::read(kind, body).map(Some).map_err(|error| {
            let place = format!("{}{path}", self.root);
            Box::new(Message::error(kind, name, &place, &error.message).at(error.line, error.column))
        })
    }

    /// What package.xml names and the zip does not hold.
    fn absent(&mut self) {
        let mut here: BTreeSet<(&str, &str)> = BTreeSet::new();
        for unit in &self.plan.units {
            let named_as =
                registry::content_of(&unit.kind).map_or(unit.kind.as_str(), |content| content.name);
            here.insert((named_as, &unit.full_name));
            here.extend(unit.children.iter().map(|child| (child.kind, child.full_name.as_str())));
        }
        // A component that could not be read was told already.
        let told: BTreeSet<(&str, &str)> =
            self.plan.messages.iter().map(|m| (m.kind.as_str(), m.full_name.as_str())).collect();
        let is_absent = |(kind, member): &(&str, &str)| {
            let is_known = registry::by_name(kind).is_some() || registry::child(kind).is_some();
            let is_folder = *member == "unfiled$public";
            is_known
                && *member != "*"
                && !is_folder
                && !here.contains(&(*kind, *member))
                && !told.contains(&(*kind, *member))
        };
        let absent: Vec<Message> = self
            .plan
            .manifest
            .members()
            .filter(is_absent)
            .map(|(kind, member)| {
                let problem = format!(
                    "An object '{member}' of type {kind} was named in package.xml, but was not found in zipped directory"
                );
                if self.options.allow_missing_files {
                    Message::warning(kind, member, self.place, &problem)
                } else {
                    Message::error(kind, member, self.place, &problem)
                }
            })
            .collect();
        self.plan.messages.extend(absent);
    }
}
