//! Applies parts in the order of what needs what.

use std::collections::BTreeMap;

use crate::model::{FieldDef, FieldSource, ObjectDef, ObjectKind, Picklist};
use crate::schema::notation;
use crate::state::roll_up::fill as fill_roll_up;
use crate::state::schema_changes::derive_children;
use crate::state::view::Snapshot;
use crate::xml::Element;

use super::changes::Changes;
use super::field::{self, Place, Refusal};
use super::{
    Author, Part, Problem, formulas, object, picklist, record_types, records, roll_up, standard_values, write,
};

/// What the parts say of one object.
#[derive(Default)]
struct Sources<'a> {
    object: Option<&'a Element>,
    /// Fields, record types and the like, with the type that each is of.
    children: Vec<(&'static str, &'a Element)>,
}

/// Applies parts to a snapshot; the order of the parts does not matter. `find_set` knows the global value sets of the org.
pub fn apply(
    snapshot: &mut Snapshot,
    parts: &[Part],
    author: &Author,
    find_set: &dyn Fn(&str) -> Option<Element>,
) -> Vec<Problem> {
    let mut changes = Changes { snapshot, author, problems: Vec::new(), sums: Vec::new() };
    let new_sets: BTreeMap<&str, Vec<Picklist>> = of_kind(parts, "GlobalValueSet")
        .map(|part| (part.full_name.as_str(), picklist::values_of(&part.xml)))
        .collect();
    let find_set = |name: &str| {
        new_sets.get(name).cloned().or_else(|| find_set(name).map(|xml| picklist::values_of(&xml)))
    };
    let sources = gather(parts);
    for (name, source) in &sources {
        objects(&mut changes, name, source);
    }
    for (name, source) in &sources {
        fields(&mut changes, name, source, &find_set);
    }
    for (name, source) in &sources {
        roll_ups(&mut changes, name, source);
        dependent_values(&mut changes, name, source);
        details(&mut changes, name);
        companions(&mut changes, name, source.object);
        indexes(&mut changes, name, source);
        record_types::apply(&mut changes, name, &children(source, "RecordType"));
    }
    changes.snapshot.forget_formulas();
    for (name, source) in &sources {
        formulas::check_fields(&mut changes, name, &children(source, "CustomField"));
        formulas::rules(&mut changes, name, &children(source, "ValidationRule"));
    }
    for (set, values) in &new_sets {
        standard_values::refresh_global(&mut changes, set, values);
    }
    for part in of_kind(parts, "StandardValueSet") {
        standard_values::apply(&mut changes, &part.full_name, &part.xml);
    }
    for part in of_kind(parts, "CustomTab") {
        tab(&mut changes, &part.full_name);
    }
    records::apply(&mut changes, of_kind(parts, "CustomMetadata"));
    derive_children(changes.snapshot);
    changes.snapshot.forget_formulas();
    for (object, field) in std::mem::take(&mut changes.sums) {
        fill_roll_up(changes.snapshot, &object, &field);
    }
    changes.snapshot.schema_changed_ms = author.at_ms;
    changes.problems
}

fn of_kind<'a>(parts: &'a [Part], kind: &'static str) -> impl Iterator<Item = &'a Part> {
    parts.iter().filter(move |part| part.kind == kind)
}

/// The elements of an object's children, and the types that they are of.
const CHILDREN: [(&str, &str); 5] = [
    ("fields", "CustomField"),
    ("recordTypes", "RecordType"),
    ("validationRules", "ValidationRule"),
    ("businessProcesses", "BusinessProcess"),
    ("indexes", "Index"),
];

fn gather(parts: &[Part]) -> BTreeMap<String, Sources<'_>> {
    let mut sources: BTreeMap<String, Sources<'_>> = BTreeMap::new();
    for part in parts {
        if part.kind == "CustomObject" {
            for name in objects_behind(&part.full_name) {
                let source = sources.entry((*name).to_owned()).or_default();
                source.object = Some(&part.xml);
                let of_xml = part.xml.children.iter().filter_map(|child| {
                    CHILDREN
                        .iter()
                        .find(|(element, _)| *element == child.name)
                        .map(|(_, kind)| (*kind, child))
                });
                source.children.extend(of_xml);
            }
        } else if let Some((_, kind)) = CHILDREN.iter().find(|(_, kind)| *kind == part.kind)
            && let Some((object, _)) = part.full_name.split_once('.')
        {
            for name in objects_behind(object) {
                sources.entry((*name).to_owned()).or_default().children.push((kind, &part.xml));
            }
        }
    }
    sources
}

/// Custom fields of activities are fields of both kinds of activity.
fn objects_behind(name: &str) -> Vec<&str> {
    if name == "Activity" { vec!["Task", "Event"] } else { vec![name] }
}

fn children<'a>(source: &Sources<'a>, kind: &str) -> Vec<&'a Element> {
    source.children.iter().filter(|(of, _)| *of == kind).map(|(_, xml)| *xml).collect()
}

fn objects(changes: &mut Changes<'_>, name: &str, source: &Sources<'_>) {
    if let Some(def) = changes.def(name) {
        if let Some(xml) = source.object {
            changes.change(&def.name, |def| object::change(def, xml));
        }
        return;
    }
    let is_standard = !name.contains("__");
    if is_standard {
        changes.warning("CustomObject", name, "simorg does not have this standard object");
    } else if let Some(xml) =
        source.object.filter(|xml| xml.child("label").is_some() || object::namespace(name).is_empty())
    {
        match object::create(changes.snapshot, name, xml) {
            Ok(def) => changes.add(def),
            Err(message) => changes.problem("CustomObject", name, message),
        }
    } else if source.object.is_some() {
        changes.problem("CustomObject", name, "the object is part of a package that is not installed");
    } else {
        // What Salesforce says of a child whose object is missing.
        for (kind, xml) in &source.children {
            let child = xml.text_of("fullName").unwrap_or_default();
            let message =
                format!("Entity Enumeration Or ID: bad value for restricted picklist field: {name}");
            changes.problem(kind, &format!("{name}.{child}"), message);
        }
    }
}

fn full_name(object: &str, xml: &Element) -> String {
    format!("{object}.{}", xml.text_of("fullName").map(str::trim).unwrap_or_default())
}

fn fields(
    changes: &mut Changes<'_>,
    object: &str,
    source: &Sources<'_>,
    find_set: &dyn Fn(&str) -> Option<Vec<Picklist>>,
) {
    if changes.def(object).is_none() {
        return;
    }
    let mut made: Vec<FieldDef> = Vec::new();
    for xml in children(source, "CustomField") {
        if changes.def(object).is_some_and(|def| is_as_told(&def, xml)) {
            continue;
        }
        if !xml.text_of("fullName").is_some_and(|name| name.trim().ends_with("__c")) {
            standard_field(changes, object, xml);
            continue;
        }
        let outcome = field::parse(&Place { object, find_set }, xml).and_then(|fields| {
            fields.iter().try_for_each(|field| targets_exist(changes.snapshot, field))?;
            Ok(fields)
        });
        match outcome {
            Ok(fields) => made.extend(fields),
            Err(Refusal::NotSimulated(message)) => {
                changes.warning("CustomField", &full_name(object, xml), message);
            }
            Err(Refusal::Wrong(message)) => {
                changes.problem("CustomField", &full_name(object, xml), message);
            }
        }
    }
    changes.put_fields(object, made);
}

/// A field that is deployed as it was retrieved stays as it is, with what its XML does not tell.
fn is_as_told(def: &ObjectDef, xml: &Element) -> bool {
    let field = xml.text_of("fullName").and_then(|name| def.field(name.trim()));
    field.and_then(|field| write::field(def, field)).is_some_and(|told| says_the_same(&told, xml))
}

fn says_the_same(a: &Element, b: &Element) -> bool {
    if a.children.is_empty() {
        return b.children.is_empty() && a.text.trim() == b.text.trim();
    }
    a.children.len() == b.children.len()
        && a.children.iter().zip(&b.children).all(|(a, b)| a.name == b.name && says_the_same(a, b))
}

fn targets_exist(snapshot: &Snapshot, field: &FieldDef) -> Result<(), Refusal> {
    // Names of entities and fields, which are no rows.
    const VIRTUAL: [&str; 3] = ["EntityDefinition", "FieldDefinition", "EntityParticle"];
    for target in field.reference_to.iter().filter(|target| !VIRTUAL.contains(&target.as_str())) {
        if snapshot.table(target).is_some() {
            continue;
        }
        return Err(if target.contains("__") {
            let message = format!("referenceTo value of '{target}' does not resolve to a valid sObject type");
            Refusal::Wrong(message)
        } else {
            let message =
                format!("simorg does not have the standard object {target} that the field refers to");
            Refusal::NotSimulated(message)
        });
    }
    Ok(())
}

/// What metadata may say of a standard field: its help, its history and, in old files, its values.
fn standard_field(changes: &mut Changes<'_>, object: &str, xml: &Element) {
    let Some(def) = changes.def(object) else { return };
    let name = xml.text_of("fullName").map(str::trim).unwrap_or_default();
    // References are named without `Id` in some files.
    let Some(known) = def.field(name).or_else(|| def.field(&format!("{name}Id"))) else {
        changes.warning("CustomField", &full_name(object, xml), "simorg does not have this standard field");
        return;
    };
    let mut field = known.clone();
    field.metadata.tracks_history = xml.is_true("trackHistory");
    for (element, place) in
        [("inlineHelpText", &mut field.inline_help_text), ("description", &mut field.metadata.description)]
    {
        if let Some(text) = xml.text_of(element).map(str::trim).filter(|text| !text.is_empty()) {
            *place = Some(text.to_owned());
        }
    }
    if xml.child("picklist").is_some() {
        // A standard picklist without values of its own keeps those that it has.
        let mut own = field.clone();
        if picklist::read(&mut own, xml, &|_| None).is_ok() && !own.picklist_values.is_empty() {
            field = own;
        }
    }
    changes.put_fields(object, vec![field]);
}

/// Sums and counts get the type of what they sum up, now that all fields are there.
fn roll_ups(changes: &mut Changes<'_>, object: &str, source: &Sources<'_>) {
    let Some(def) = changes.def(object) else { return };
    for xml in children(source, "CustomField") {
        let name = xml.text_of("fullName").map(str::trim).unwrap_or_default();
        let Some(field) = def.field(name).filter(|field| matches!(field.source, FieldSource::RollUp(_)))
        else {
            continue;
        };
        let mut field = field.clone();
        match roll_up::settle(&mut field, changes.snapshot) {
            Ok(()) => changes.put_fields(object, vec![field]),
            Err(message) => {
                changes.problem("CustomField", &full_name(object, xml), message);
                changes.change(object, |def| def.fields.retain(|known| known.name != field.name));
            }
        }
    }
}

fn dependent_values(changes: &mut Changes<'_>, object: &str, source: &Sources<'_>) {
    for xml in children(source, "CustomField") {
        let Some(def) = changes.def(object) else { return };
        let name = xml.text_of("fullName").map(str::trim).unwrap_or_default();
        let Some(field) = def.field(name).filter(|field| field.dependent_picklist) else { continue };
        let controller = field.controller_name.as_deref().unwrap_or_default();
        let Some(controller) = def.field(controller) else {
            let message =
                format!("In field: controllingField - no CustomField named {object}.{controller} found");
            changes.problem("CustomField", &full_name(object, xml), message);
            continue;
        };
        let mut field = field.clone();
        picklist::set_valid_for(&mut field, &picklist::settings(xml), controller);
        changes.put_fields(object, vec![field]);
    }
}

/// A detail has no owner: it belongs to whoever owns its master.
fn details(changes: &mut Changes<'_>, object: &str) {
    let Some(def) = changes.def(object) else { return };
    let is_detail = def.kind == ObjectKind::Custom && def.fields.iter().any(FieldDef::is_master_detail);
    if !is_detail {
        return;
    }
    changes.change(object, |def| {
        def.fields.retain(|field| field.name != "OwnerId");
        def.metadata.sharing_model = Some("ControlledByParent".to_owned());
    });
    let share = object::share_name(&def.name);
    if changes.def(&share).is_some() {
        changes.snapshot.remove_table(&share);
    }
}

fn companions(changes: &mut Changes<'_>, object: &str, xml: Option<&Element>) {
    let Some(def) = changes.def(object) else { return };
    for (role, name) in object::companions(&def, xml) {
        if changes.def(&name).is_some() {
            continue;
        }
        let line = match role {
            "share" => {
                format!("@share {} {}", def.name, object::free_prefix(changes.snapshot, ObjectKind::Custom))
            }
            role => format!("@{role} {}", def.name),
        };
        match notation::objects(&line) {
            Ok(made) => made.into_iter().for_each(|companion| changes.add(companion)),
            Err(error) => changes.problem("CustomObject", &def.name, error.to_string()),
        }
    }
}

/// A big object is found by its index only, whose fields must be filled.
fn indexes(changes: &mut Changes<'_>, object: &str, source: &Sources<'_>) {
    let Some(xml) = children(source, "Index").into_iter().next() else { return };
    let index: Vec<(String, bool)> = xml
        .all("fields")
        .filter_map(|entry| {
            Some((entry.text_of("name")?.trim().to_owned(), entry.text_of("sortDirection") == Some("DESC")))
        })
        .collect();
    changes.change(object, |def| def.metadata.index = index);
}

/// An object with a tab remembers what was viewed last.
fn tab(changes: &mut Changes<'_>, name: &str) {
    let Some(def) = changes.def(name).filter(|def| def.kind == ObjectKind::Custom) else { return };
    changes.change(&def.name, |def| def.flags.mru_enabled = true);
    let viewed = ["LastViewedDate:datetime r", "LastReferencedDate:datetime r"];
    let missing = viewed
        .iter()
        .filter_map(|text| notation::field(text).ok())
        .filter(|field| def.field(&field.name).is_none());
    let missing = missing.collect();
    changes.put_fields(&def.name, missing);
}
