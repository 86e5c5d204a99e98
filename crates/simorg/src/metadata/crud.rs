//! readMetadata, createMetadata, updateMetadata, upsertMetadata, deleteMetadata, renameMetadata: components one by one, without
//! zips and at once.

use crate::soap::{Call, Contents, SoapFault, nil};
use crate::xml::Element;

use super::deploy::{self, Message, Unit};
use super::merge;
use super::{NAMESPACE, inventory};
use crate::components::registry::{self, Layout};
use crate::components::{Component, xml_path};

/// Components in one call, and for the small ones among them.
const MOST: usize = 10;
const MOST_OF_SMALL: usize = 200;

pub(super) fn read(call: &Call) -> Contents {
    let kind = argument(call, "type");
    known(kind)?;
    let names: Vec<&str> = call.arguments().all("fullNames").map(|name| name.text.trim()).collect();
    within_limit(kind, names.len())?;
    let snapshot = call.state.org.snapshot();
    let records = names.into_iter().map(|name| match found(&snapshot, kind, name) {
        Some(xml) => {
            let parts = xml.children.into_iter().filter(|part| part.name != "fullName");
            Element::new("records")
                .attribute("xsi:type", kind)
                .with(Element::leaf("fullName", name))
                .with_all(parts)
        }
        None => nil("records"),
    });
    Ok(vec![Element::new("result").with_all(records)])
}

/// The XML of a component, a folder or a child.
fn found(snapshot: &crate::state::view::Snapshot, kind: &str, name: &str) -> Option<Element> {
    if let Some((parent, _)) = registry::child(kind) {
        let holder = if parent.children_are_qualified() { name.split_once('.')?.0 } else { parent.name };
        let component = inventory::find(snapshot, parent.name, holder)?;
        let (_, children) = merge::split(parent.name, holder, &component.xml()?);
        return children
            .into_iter()
            .find(|child| child.kind == kind && child.full_name == name)
            .map(|c| c.xml);
    }
    inventory::find(snapshot, kind, name)?.xml()
}

/// What a write does when the component is there, or is not.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Write {
    Create,
    Update,
    Upsert,
}

pub(super) fn create(call: &Call) -> Contents {
    write(call, Write::Create)
}

pub(super) fn update(call: &Call) -> Contents {
    write(call, Write::Update)
}

pub(super) fn upsert(call: &Call) -> Contents {
    write(call, Write::Upsert)
}

fn write(call: &Call, write: Write) -> Contents {
    let all: Vec<&Element> = call.arguments().all("metadata").collect();
    let mut results = Vec::new();
    for metadata in &all {
        let kind = metadata.attribute_value("type").unwrap_or_default();
        // `xsi:type="met:CustomObject"`
        let kind = kind.rsplit(':').next().unwrap_or(kind);
        known(kind)?;
        within_limit(kind, all.len())?;
        results.push(write_one(call, write, kind, metadata)?);
    }
    Ok(results)
}

fn write_one(call: &Call, write: Write, kind: &str, metadata: &Element) -> Result<Element, SoapFault> {
    let name = metadata.text_of("fullName").map(str::trim).unwrap_or_default();
    if name.is_empty() {
        return Ok(refused(name, "REQUIRED_FIELD_MISSING", "Required field is missing: fullName"));
    }
    let exists = inventory::exists(&call.state.org.snapshot(), kind, name);
    if write == Write::Create && exists {
        let message = format!("There is already an item in this list with the name {name}.");
        return Ok(refused(name, "DUPLICATE_DEVELOPER_NAME", &message));
    }
    if write == Write::Update && !exists {
        let message = format!("In field: fullName - no {kind} named {name} found");
        return Ok(refused(name, "INVALID_CROSS_REFERENCE_KEY", &message));
    }
    let Some(unit) = unit(kind, name, metadata) else {
        let message = format!("The type {kind} cannot be written by this call");
        return Err(SoapFault::new("INVALID_TYPE_FOR_OPERATION", message));
    };
    let (messages, _) = deploy::put(&call.state.org, call.user()?, vec![unit]);
    if let Some(error) = messages.iter().find(|message| message.is_error()) {
        return Ok(refused(name, code_of(error), error.problem_text().unwrap_or_default()));
    }
    let mut result = Element::new("result");
    if write == Write::Upsert {
        result = result.with(Element::leaf("created", !exists));
    }
    Ok(result.with(Element::leaf("fullName", name)).with(Element::leaf("success", true)))
}

fn code_of(error: &Message) -> &'static str {
    let text = error.problem_text().unwrap_or_default();
    if text.starts_with("In field:") {
        "INVALID_CROSS_REFERENCE_KEY"
    } else if text.contains("Must specify") {
        "REQUIRED_FIELD_MISSING"
    } else {
        "FIELD_INTEGRITY_EXCEPTION"
    }
}

/// `None`: the type has bodies beside its XML, which these calls do not carry.
fn unit(kind: &str, name: &str, metadata: &Element) -> Option<Unit> {
    let mut xml = Element { attributes: Vec::new(), ..metadata.clone() }.attribute("xmlns", NAMESPACE);
    if let Some((parent, child)) = registry::child(kind) {
        let (holder, own) =
            if parent.children_are_qualified() { name.split_once('.')? } else { (parent.name, name) };
        child.element.clone_into(&mut xml.name);
        xml.attributes.clear();
        for part in xml.children.iter_mut().filter(|part| part.name == "fullName") {
            own.clone_into(&mut part.text);
        }
        let whole = Element::new(parent.name).attribute("xmlns", NAMESPACE).with(xml);
        let component = Component::of_xml(parent.name, holder, &whole);
        return Some(Unit { is_named: false, ..Unit::of(&component) });
    }
    if registry::by_name(kind)?.layout != Layout::Xml {
        return None;
    }
    kind.clone_into(&mut xml.name);
    // The file is named by the component, so it does not say it again.
    xml.children.retain(|part| part.name != "fullName");
    Some(Unit::of(&Component::of_xml(kind, name, &xml)))
}

pub(super) fn delete(call: &Call) -> Contents {
    let kind = argument(call, "type");
    known(kind)?;
    let names: Vec<&str> = call.arguments().all("fullNames").map(|name| name.text.trim()).collect();
    within_limit(kind, names.len())?;
    let mut results = Vec::new();
    for name in names {
        if !inventory::exists(&call.state.org.snapshot(), kind, name) {
            let message = format!("In field: fullName - no {kind} named {name} found");
            results.push(refused(name, "INVALID_CROSS_REFERENCE_KEY", &message));
            continue;
        }
        let message = deploy::remove(&call.state.org, call.user()?, kind, name);
        results.push(if message.is_error() {
            refused(name, "DEPENDENCY_EXISTS", message.problem_text().unwrap_or_default())
        } else {
            Element::new("result").with(Element::leaf("fullName", name)).with(Element::leaf("success", true))
        });
    }
    Ok(results)
}

/// Only components that no schema stands behind: renaming objects and fields would have to follow every reference.
pub(super) fn rename(call: &Call) -> Contents {
    let kind = argument(call, "type");
    known(kind)?;
    let (old, new) = (argument(call, "oldFullName"), argument(call, "newFullName"));
    let has_schema = registry::child(kind).is_some() || super::schema::KINDS.contains(&kind);
    if has_schema {
        return Err(SoapFault::not_simulated(&format!("renameMetadata of {kind}")));
    }
    let outcome = call.state.org.change_components(|components| {
        let Some(component) = components.remove(kind, old) else {
            return Err(format!("In field: fullName - no {kind} named {old} found"));
        };
        let mut renamed = (*component).clone();
        let (from, to) = (xml_path(kind, old), xml_path(kind, new));
        let (from, to) = (from.trim_end_matches("-meta.xml"), to.trim_end_matches("-meta.xml"));
        for (path, _) in &mut renamed.files {
            *path = path.replacen(from, to, 1);
        }
        new.clone_into(&mut renamed.full_name);
        components.put(renamed);
        Ok(())
    });
    Ok(vec![match outcome {
        Ok(()) => {
            Element::new("result").with(Element::leaf("fullName", new)).with(Element::leaf("success", true))
        }
        Err(message) => refused(old, "INVALID_CROSS_REFERENCE_KEY", &message),
    }])
}

fn argument<'a>(call: &'a Call, name: &str) -> &'a str {
    call.arguments().text_of(name).map(str::trim).unwrap_or_default()
}

fn known(kind: &str) -> Result<(), SoapFault> {
    if registry::by_name(kind).is_some() || registry::child(kind).is_some() {
        return Ok(());
    }
    Err(SoapFault::new("INVALID_TYPE", format!("Unknown type:{kind}")))
}

fn within_limit(kind: &str, count: usize) -> Result<(), SoapFault> {
    let most = if matches!(kind, "CustomMetadata" | "CustomApplication") { MOST_OF_SMALL } else { MOST };
    if count <= most {
        return Ok(());
    }
    let message = format!("record limit reached. cannot submit more than {most} records in this operation");
    Err(SoapFault::new("EXCEEDED_ID_LIMIT", message))
}

fn refused(full_name: &str, code: &str, message: &str) -> Element {
    let errors = Element::new("errors")
        .with(Element::leaf("message", message))
        .with(Element::leaf("statusCode", code));
    Element::new("result")
        .with(errors)
        .with(Element::leaf("fullName", full_name))
        .with(Element::leaf("success", false))
}
