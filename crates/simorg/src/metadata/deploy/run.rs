//! Carrying out a plan: on a copy of the org's state, which becomes the org's when nothing is wrong with it.
//!
//! With `rollbackOnError` one error undoes everything. Without, what failed is left out and the rest is tried anew, until what
//! is left has no error.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::state::permission_rows;
use crate::state::view::Snapshot;
use crate::state::{Org, User};
use crate::xml::Element;

use super::super::archive;
use super::super::merge::{self, Child};
use super::super::properties::FileProperties;
use super::super::schema::{self, Author, Part};
use super::super::{NAMESPACE, inventory};
use super::package::{self, Plan, Removal, Unit};
use super::report::Message;
use super::{Options, check, effects, rows};
use crate::components::registry;
use crate::components::{Change, Component, Stamp};

/// What a deploy came to.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Outcome {
    pub messages: Vec<Message>,
    /// Code and message of what stopped it as a whole.
    pub error: Option<(String, String)>,
    /// Whether anything of it is in the org.
    pub is_applied: bool,
    pub tests_run: usize,
}

type Key = (String, String);

/// Deploys a zip. `denied` are user permissions that this org does not know.
pub(in super::super) fn run(
    org: &Org,
    user: &Arc<User>,
    zip: &[u8],
    options: &Options,
    denied: &BTreeSet<String>,
) -> Outcome {
    let files = match archive::read(zip) {
        Ok(files) => files,
        Err(error) => {
            let message = format!("{}: {error}", error.code());
            return Outcome { error: Some((error.code().to_owned(), message)), ..Outcome::default() };
        }
    };
    let mut outcome = Outcome::default();
    let mut work = Plan::default();
    for plan in package::plans(&files, options) {
        work.messages.extend(plan.messages);
        work.removals.extend(plan.removals);
        work.units.extend(plan.units);
        if plan.manifest.package.is_some() {
            work.units.push(package_unit(&plan.manifest));
        }
    }
    let is_broken = work.messages.iter().any(Message::is_error);
    let mode = Mode {
        check_only: options.check_only || (options.rollback_on_error && is_broken),
        rollback: options.rollback_on_error,
    };
    let (messages, is_applied) = carry_out(org, user, &work, mode, denied);
    outcome.is_applied = is_applied;
    // A package is told by its package.xml.
    outcome.messages = messages.into_iter().filter(|message| message.kind != "Package").collect();
    outcome.messages.extend(work.messages);
    if options.runs_tests() {
        outcome.tests_run = tests(org, options);
    }
    outcome
}

/// A package that is deployed by name is remembered with its members.
fn package_unit(manifest: &super::super::manifest::Manifest) -> Unit {
    let name = manifest.package.clone().unwrap_or_default();
    let version = manifest.version.as_deref().unwrap_or("31.0");
    Unit {
        kind: "Package".to_owned(),
        file_name: "package.xml".to_owned(),
        files: vec![("package.xml".to_owned(), manifest.document(version).into())],
        full_name: name,
        xml: None,
        is_named: true,
        children: Vec::new(),
    }
}

/// How many test classes run; all of them pass, since no code is.
fn tests(org: &Org, options: &Options) -> usize {
    if options.test_level.as_deref().is_none_or(|level| level == "RunSpecifiedTests") {
        return options.run_tests.len();
    }
    let components = org.components();
    let is_test = |body: &[u8]| String::from_utf8_lossy(body).to_ascii_lowercase().contains("@istest");
    components.of_kind("ApexClass").filter(|class| class.files.iter().any(|(_, body)| is_test(body))).count()
}

#[derive(Debug, Clone, Copy)]
struct Mode {
    check_only: bool,
    rollback: bool,
}

/// Puts components as one deploy that must succeed as a whole; answers its messages.
pub(in super::super) fn put(org: &Org, user: &Arc<User>, units: Vec<Unit>) -> (Vec<Message>, bool) {
    let work = Plan { units, ..Plan::default() };
    carry_out(org, user, &work, Mode { check_only: false, rollback: true }, &BTreeSet::new())
}

/// Removes one component; the message warns if there is none.
pub(in super::super) fn remove(org: &Org, user: &Arc<User>, kind: &str, full_name: &str) -> Message {
    let removal = Removal {
        kind: kind.to_owned(),
        full_name: full_name.to_owned(),
        file_name: String::new(),
        is_after: false,
    };
    let work = Plan { removals: vec![removal], ..Plan::default() };
    let (messages, _) =
        carry_out(org, user, &work, Mode { check_only: false, rollback: true }, &BTreeSet::new());
    messages.into_iter().next().expect("one removal gives one message")
}

impl Unit {
    /// A component as it lies in the store or came from a project, to be put as it is.
    pub(in super::super) fn of(component: &Component) -> Unit {
        let (xml, children) = match component.xml() {
            Some(xml) => {
                let (own, children) = merge::split(&component.kind, &component.full_name, &xml);
                (Some(own), children)
            }
            None => (None, Vec::new()),
        };
        Unit {
            kind: component.kind.clone(),
            full_name: component.full_name.clone(),
            file_name: component.file_name(),
            files: component.files.clone(),
            xml,
            is_named: true,
            children,
        }
    }

    fn key(&self) -> Key {
        (self.kind.clone(), self.full_name.clone())
    }
}

fn carry_out(
    org: &Org,
    user: &Arc<User>,
    work: &Plan,
    mode: Mode,
    denied: &BTreeSet<String>,
) -> (Vec<Message>, bool) {
    let mut failed: BTreeMap<Key, Message> = BTreeMap::new();
    loop {
        let attempt = org.change_schema(|snapshot, at_ms| {
            let author = Author { user_id: user.id.clone(), at_ms };
            let mut attempt = Attempt {
                before: org.snapshot(),
                snapshot,
                author,
                work,
                failed: &failed,
                denied,
                messages: Vec::new(),
            };
            attempt.run();
            let messages = attempt.messages;
            let is_clean = messages.iter().all(|message| !message.is_error());
            let may_commit = !mode.check_only && (!mode.rollback || failed.is_empty());
            if is_clean && may_commit { Ok(messages) } else { Err(messages) }
        });
        match attempt {
            Ok(messages) => {
                let put: Vec<&Unit> =
                    work.units.iter().filter(|unit| !failed.contains_key(&unit.key())).collect();
                effects::grant(org, &put);
                effects::tell(org, &put);
                for removal in &work.removals {
                    effects::forget(org, &removal.kind, &removal.full_name);
                }
                let is_applied = !messages.is_empty();
                return (messages.into_iter().chain(failed.into_values()).collect(), is_applied);
            }
            Err(messages) => {
                let errors: Vec<&Message> = messages.iter().filter(|message| message.is_error()).collect();
                if mode.rollback || mode.check_only || errors.is_empty() {
                    return (messages.into_iter().chain(failed.into_values()).collect(), false);
                }
                for error in errors {
                    failed.insert((error.kind.clone(), error.full_name.clone()), error.clone());
                }
            }
        }
    }
}

/// One try at a plan, without what failed before.
struct Attempt<'a> {
    before: Arc<Snapshot>,
    snapshot: &'a mut Snapshot,
    author: Author,
    work: &'a Plan,
    failed: &'a BTreeMap<Key, Message>,
    denied: &'a BTreeSet<String>,
    messages: Vec<Message>,
}

impl Attempt<'_> {
    fn run(&mut self) {
        self.removals(false);
        let problems = self.schema();
        let work = self.work;
        let mut changes: Vec<Option<Change>> = Vec::with_capacity(work.units.len());
        for unit in &work.units {
            let change = (!self.has_failed(&unit.kind, &unit.full_name)).then(|| self.put(unit));
            changes.push(change);
        }
        for (unit, change) in work.units.iter().zip(changes) {
            if let Some(change) = change {
                self.tell(unit, change, &problems);
            }
        }
        self.removals(true);
    }

    fn has_failed(&self, kind: &str, full_name: &str) -> bool {
        self.failed.contains_key(&(kind.to_owned(), full_name.to_owned()))
    }

    /// Children that are deployed and have not failed.
    fn children<'u>(&self, unit: &'u Unit) -> Vec<&'u Child> {
        unit.children.iter().filter(|child| !self.has_failed(child.kind, &child.full_name)).collect()
    }

    /// Objects, fields, rows: what the schema has to say, by kind and full name.
    fn schema(&mut self) -> BTreeMap<Key, schema::Problem> {
        let mut parts: Vec<Part> = Vec::new();
        let mut add = |kind: &str, full_name: &str, xml: &Element| {
            if schema::KINDS.contains(&kind) {
                parts.push(Part { kind: kind.to_owned(), full_name: full_name.to_owned(), xml: xml.clone() });
            }
        };
        for unit in self.work.units.iter().filter(|unit| !self.has_failed(&unit.kind, &unit.full_name)) {
            if let Some(xml) = unit.xml.as_ref().filter(|_| unit.is_named) {
                add(&unit.kind, &unit.full_name, xml);
            }
            for child in self.children(unit) {
                add(child.kind, &child.full_name, &child.xml);
            }
        }
        if parts.is_empty() {
            return BTreeMap::new();
        }
        let components = self.snapshot.components.clone();
        let find_set = |name: &str| components.get("GlobalValueSet", name).and_then(|set| set.xml());
        let problems = schema::apply(self.snapshot, &parts, &self.author, &find_set);
        permission_rows::grant_new(self.snapshot, &self.before, self.author.at_ms);
        problems
            .into_iter()
            .map(|problem| ((problem.kind.clone(), problem.full_name.clone()), problem))
            .collect()
    }

    fn put(&mut self, unit: &Unit) -> Change {
        let stamp = Stamp { by: self.author.user_id.clone(), at_ms: self.author.at_ms };
        let mut component = Component::new(&unit.kind, &unit.full_name, unit.files.clone());
        if merge::is_overlaid(&unit.kind)
            && let Some(own) = &unit.xml
        {
            let own_parts: &[Element] = if unit.is_named { &own.children } else { &[] };
            let children = self.children(unit).into_iter().map(|child| child.xml.clone());
            let mut xml = Element { children: own_parts.to_vec(), ..own.clone() }.with_all(children);
            if let Some(old) =
                self.snapshot.components.get(&unit.kind, &unit.full_name).and_then(|old| old.xml())
            {
                xml = merge::overlay(&unit.kind, &old, &xml);
            }
            if xml.attributes.is_empty() {
                xml = xml.attribute("xmlns", NAMESPACE);
            }
            let place = unit.files.first().map_or_else(String::new, |(path, _)| path.clone());
            component.files = vec![(place, xml.to_document().into())];
        }
        let row = rows::follow_code(self.snapshot, &self.author, &component);
        if let Some(id) = row.or_else(|| rows::follow(self.snapshot, &self.author, unit)) {
            component.id = id;
        }
        component.created = stamp.clone();
        component.modified = stamp;
        Arc::make_mut(&mut self.snapshot.components).put(component)
    }

    /// The messages about a component and its children.
    fn tell(&mut self, unit: &Unit, change: Change, problems: &BTreeMap<Key, schema::Problem>) {
        let parent = self.snapshot.components.get(&unit.kind, &unit.full_name).cloned();
        if unit.is_named {
            let finding = check::component(self.snapshot, unit, self.denied);
            let problem = problems.get(&unit.key());
            let mut message = message(&unit.kind, &unit.full_name, &unit.file_name, problem, finding);
            if !message.is_error() {
                message.id = parent.as_ref().map(|found| found.id.clone()).unwrap_or_default();
                let was_there = inventory::exists(&self.before, &unit.kind, &unit.full_name)
                    || self.before.components.get(&unit.kind, &unit.full_name).is_some();
                message = match change {
                    _ if !was_there => message.created(),
                    Change::Unchanged => message,
                    Change::Created | Change::Changed => message.changed(),
                };
            }
            self.messages.push(message);
        }
        let old = self.old_children(unit);
        for child in self.children(unit) {
            let finding = check::child(self.snapshot, child.kind, &child.full_name, &child.xml);
            let problem = problems.get(&(child.kind.to_owned(), child.full_name.clone()));
            let mut message = message(child.kind, &child.full_name, &unit.file_name, problem, finding);
            if !message.is_error() {
                if let Some(parent) = &parent {
                    message.id = FileProperties::of_child(parent, child.kind, &child.full_name).id;
                }
                // Fields may be older than any metadata about them.
                let is_defined = child.kind == "CustomField"
                    && inventory::exists(&self.before, child.kind, &child.full_name);
                message = match old.get(&(child.kind, child.full_name.clone())) {
                    Some(xml) if *xml == child.xml => message,
                    None if !is_defined => message.created(),
                    _ => message.changed(),
                };
            }
            self.messages.push(message);
        }
    }

    /// The children that the org's metadata held before, by kind and full name.
    fn old_children(&self, unit: &Unit) -> BTreeMap<(&'static str, String), Element> {
        let old =
            self.before.components.get(&unit.kind, &unit.full_name).filter(|_| !unit.children.is_empty());
        let Some(xml) = old.and_then(|old| old.xml()) else { return BTreeMap::new() };
        let (_, children) = merge::split(&unit.kind, &unit.full_name, &xml);
        children.into_iter().map(|child| ((child.kind, child.full_name), child.xml)).collect()
    }

    /// Removes what can be, in whatever order that takes: a formula that is removed as well does not hold its fields.
    fn removals(&mut self, after: bool) {
        let work = self.work;
        let due = work.removals.iter().filter(|removal| removal.is_after == after);
        let mut due: Vec<&Removal> =
            due.filter(|removal| !self.has_failed(&removal.kind, &removal.full_name)).collect();
        while !due.is_empty() {
            let mut refused = Vec::new();
            for removal in &due {
                let message = self.remove(removal);
                if message.is_error() {
                    refused.push((*removal, message));
                } else {
                    self.messages.push(message);
                }
            }
            if refused.len() == due.len() {
                self.messages.extend(refused.into_iter().map(|(_, message)| message));
                return;
            }
            due = refused.into_iter().map(|(removal, _)| removal).collect();
        }
    }

    fn remove(&mut self, removal: &Removal) -> Message {
        let Removal { kind, full_name, file_name, .. } = removal;
        // A folder goes by the type of what lies in it.
        let folder = registry::by_name(kind).and_then(registry::MetadataType::folder_type);
        let stored_as = folder.filter(|folder| self.snapshot.components.get(folder, full_name).is_some());
        let stored_as = stored_as.unwrap_or(kind.as_str());
        let is_stored = self.snapshot.components.get(stored_as, full_name).is_some();
        if !is_stored && !inventory::exists(self.snapshot, kind, full_name) {
            let problem = format!("No {kind} named: {full_name} found");
            return Message::warning(kind, full_name, file_name, &problem);
        }
        if schema::KINDS.contains(&kind.as_str())
            && let Some(problem) = schema::remove(self.snapshot, kind, full_name, &self.author)
            && !problem.is_warning
        {
            return Message::error(kind, full_name, file_name, &problem.message);
        }
        match (kind.as_str(), full_name.split_once('.')) {
            ("CustomObject", _) => permission_rows::revoke(self.snapshot, full_name, None),
            ("CustomField", Some((object, field))) => {
                permission_rows::revoke(self.snapshot, object, Some(field));
            }
            _ => {}
        }
        let components = Arc::make_mut(&mut self.snapshot.components);
        if let Some((parent, _)) = registry::child(kind) {
            let holder = full_name.split_once('.').map_or(parent.name, |(holder, _)| holder);
            let held = components.get(parent.name, holder);
            if let Some(changed) = held.and_then(|held| without(held, kind, full_name)) {
                components.put(changed);
            }
        } else {
            components.remove(stored_as, full_name);
            rows::forget(self.snapshot, kind, full_name);
        }
        Message::success(kind, full_name, file_name).deleted()
    }
}

/// A component without one of its children.
fn without(component: &Component, kind: &str, full_name: &str) -> Option<Component> {
    let xml = component.xml()?;
    let (own, children) = merge::split(&component.kind, &component.full_name, &xml);
    let kept = children.into_iter().filter(|child| child.kind != kind || child.full_name != full_name);
    let mut xml = own.with_all(kept.map(|child| child.xml));
    xml.children.sort_by(|a, b| a.name.cmp(&b.name));
    let place = component.xml_file()?.0.clone();
    Some(Component { files: vec![(place, xml.to_document().into())], ..component.clone() })
}

fn message(
    kind: &str,
    full_name: &str,
    file_name: &str,
    problem: Option<&schema::Problem>,
    finding: Option<check::Finding>,
) -> Message {
    match (problem, finding) {
        (Some(problem), _) if !problem.is_warning => {
            Message::error(kind, full_name, file_name, &problem.message)
        }
        (_, Some(finding)) => {
            let message = Message::error(kind, full_name, file_name, &finding.text);
            match finding.place {
                Some((line, column)) => message.at(line, column),
                None => message,
            }
        }
        (Some(problem), None) => Message::warning(kind, full_name, file_name, &problem.message),
        (None, None) => Message::success(kind, full_name, file_name),
    }
}
