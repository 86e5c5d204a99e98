//! A snapshot of what the org is made of, in the objects of `objects.txt`.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value as Json;

use crate::components::Component;
use crate::components::Stamp;
use crate::model::{FieldSource, FieldType, ObjectDef, Value, ids};
use crate::schema::{self, notation};
use crate::state::schema_changes::derive_children;
use crate::state::table::{StoredRow, Table};
use crate::state::view::Snapshot;
use crate::state::{Org, User, View};

use super::{access, code, entities, setup};

/// The id that rows without one of their own show.
const NO_ID: &str = "000000000000000AAA";

/// Tables that are those of the data API.
const SHARED: [&str; 6] =
    ["Organization", "User", "Profile", "PermissionSet", "PermissionSetAssignment", "UserLicense"];

/// What was made of one state of the org.
#[derive(Debug)]
pub(super) struct Catalog {
    pub(super) snapshot: Arc<Snapshot>,
    /// What names a row in urls, by the id that the snapshot knows it by.
    pub(super) durable: HashMap<String, String>,
    source: Arc<Snapshot>,
}

/// The catalog made last, kept as long as nothing that it shows changes, and answers that go on.
#[derive(Debug, Default)]
pub struct State {
    catalog: Mutex<Option<Arc<Catalog>>>,
    answers: Mutex<Answers>,
}

#[derive(Debug, Default)]
struct Answers {
    by_id: BTreeMap<String, Arc<Kept>>,
    made: u64,
}

/// An answer of more than one page.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) object: String,
    pub(super) records: Vec<Json>,
    user_id: String,
}

/// How many answers are kept; the oldest goes first.
const MOST_ANSWERS: usize = 20;

impl State {
    /// The catalog of the org as it is now. With `access`, what each user may do is in it too, and it is not kept.
    pub(super) fn catalog(&self, org: &Org, access: bool) -> Arc<Catalog> {
        let source = org.snapshot();
        if access {
            return Arc::new(build(org, source, true));
        }
        let mut kept = self.catalog.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(catalog) = kept.as_ref().filter(|catalog| catalog.still_shows(&source)) {
            return catalog.clone();
        }
        let made = Arc::new(build(org, source, false));
        *kept = Some(made.clone());
        made
    }

    /// Keeps an answer and gives the id that its next pages are asked by.
    pub(super) fn keep(&self, user_id: &str, object: &str, records: Vec<Json>) -> String {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.made += 1;
        let id = ids::record_id("01g", answers.made);
        let kept = Kept { object: object.to_owned(), records, user_id: user_id.to_owned() };
        answers.by_id.insert(id.clone(), Arc::new(kept));
        if answers.by_id.len() > MOST_ANSWERS {
            answers.by_id.pop_first();
        }
        id
    }

    pub(super) fn kept(&self, id: &str, user_id: &str) -> Option<Arc<Kept>> {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.by_id.get(id).filter(|kept| kept.user_id == user_id).cloned()
    }
}

impl Catalog {
    fn still_shows(&self, now: &Arc<Snapshot>) -> bool {
        let same = |name: &str| match (self.source.table(name), now.table(name)) {
            (Some(old), Some(new)) => Arc::ptr_eq(old, new),
            (old, new) => old.is_none() && new.is_none(),
        };
        let rows = ["RecordType", "ApexClass", "ApexTrigger"];
        Arc::ptr_eq(&self.source.components, &now.components)
            && self.source.schema_changed_ms == now.schema_changed_ms
            && SHARED.iter().chain(&rows).all(|name| same(name))
    }

    pub(super) fn view(&self, user: &Arc<User>) -> View {
        View::new(self.snapshot.clone(), user.clone())
    }

    /// The object without the fields that only serve the engine.
    pub(super) fn shown(&self, name: &str) -> Option<ObjectDef> {
        let mut def = (*self.snapshot.table(name)?.def).clone();
        def.fields.retain(|field| !is_inner(&field.name));
        def.reindex();
        Some(def)
    }
}

fn is_inner(field: &str) -> bool {
    field.ends_with("Ref")
}

/// Names of everything in the catalog that is not a table of the data API.
pub(super) fn objects() -> Vec<ObjectDef> {
    let mut objects = notation::objects(include_str!("objects.txt")).expect("a test reads this text");
    for def in &mut objects {
        let has_id = def.id_prefix != "000";
        for field in &mut def.fields {
            if let Some(stem) = field.name.strip_suffix("Ref") {
                field.relationship_name = Some(stem.to_owned());
            }
            if field.kind == FieldType::Id && !has_id {
                field.source = FieldSource::Stored;
            }
        }
        def.reindex();
    }
    objects
}

/// Fills a catalog.
pub(super) struct Builder {
    pub(super) source: Arc<Snapshot>,
    pub(super) admin: String,
    out: Snapshot,
    durable: HashMap<String, String>,
}

pub(super) type Cells<'a> = Vec<(&'a str, Value)>;

fn build(org: &Org, source: Arc<Snapshot>, with_access: bool) -> Catalog {
    let mut out = Snapshot::default();
    for name in SHARED {
        if let Some(table) = source.table(name) {
            out.insert_table((**table).clone());
        }
    }
    for mut def in objects() {
        let others: Vec<Arc<ObjectDef>> = out.tables().map(|table| table.def.clone()).collect();
        schema::settle(&mut def, &others);
        out.insert_table(Table::new(Arc::new(def), source.schema_changed_ms));
    }
    out.schema_changed_ms = source.schema_changed_ms;
    let mut builder = Builder { source, admin: org.admin().id.clone(), out, durable: HashMap::new() };
    let entities = entities::add(&mut builder);
    if with_access {
        access::add(&mut builder, &entities, &org.users());
    }
    code::add(&mut builder, &entities);
    setup::add(&mut builder, &entities);
    derive_children(&mut builder.out);
    Catalog { snapshot: Arc::new(builder.out), durable: builder.durable, source: builder.source }
}

impl Builder {
    /// Adds a row and answers its id. Fields that are left out are null or false.
    pub(super) fn put(&mut self, object: &str, id: Option<&str>, cells: Cells<'_>) -> String {
        let table = self.out.table_mut(object).expect("a test asks for every object of the builder");
        let def = table.def.clone();
        let counter = id.and_then(ids::counter_of).unwrap_or_else(|| table.next_counter());
        let mut row = StoredRow::default();
        for (name, value) in cells {
            if let Some(field) = def.field(name) {
                row.set(field.slot, &value);
            }
        }
        if let Some(field) = def.field("Id").filter(|field| field.source == FieldSource::Stored) {
            row.set(field.slot, &Value::Id(NO_ID.to_owned()));
        }
        let own = ids::record_id(&def.id_prefix, counter);
        if let Some(field) = def.field("DurableId")
            && let Value::Text(durable) = row.get(field.slot)
        {
            self.durable.insert(own.clone(), durable);
        }
        table.put(counter, row);
        own
    }

    /// Who made and changed a component, and the names that every component has.
    pub(super) fn of_component(&self, component: &Component) -> Cells<'static> {
        let mut cells = self.audit(&component.created, &component.modified);
        cells.extend([
            ("FullName", Value::text(&*component.full_name)),
            ("NamespacePrefix", Value::text(component.namespace.clone().unwrap_or_default())),
            ("ManageableState", Value::text(component.manageable_state.as_str())),
            ("Metadata", reference_to_metadata(&component.kind, &component.full_name)),
        ]);
        cells
    }

    pub(super) fn audit(&self, created: &Stamp, modified: &Stamp) -> Cells<'static> {
        let by = |stamp: &Stamp| {
            Value::Id(if stamp.by.is_empty() { self.admin.clone() } else { stamp.by.clone() })
        };
        let at = |stamp: &Stamp| {
            Value::DateTime(if stamp.at_ms == 0 { self.source.schema_changed_ms } else { stamp.at_ms })
        };
        vec![
            ("CreatedById", by(created)),
            ("CreatedDate", at(created)),
            ("LastModifiedById", by(modified)),
            ("LastModifiedDate", at(modified)),
            ("SystemModstamp", at(modified)),
        ]
    }
}

/// What a `Metadata` cell holds until it is answered: reading XML for every row would make each catalog slow.
pub(super) fn reference_to_metadata(kind: &str, full_name: &str) -> Value {
    Value::Text(format!("{kind} {full_name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_objects_are_in_the_notation_and_refer_to_each_other() {
        let objects = objects();
        let known: Vec<&str> = objects.iter().map(|def| def.name.as_str()).chain(SHARED).collect();
        for def in &objects {
            for field in &def.fields {
                for target in &field.reference_to {
                    assert!(
                        known.contains(&target.as_str()),
                        "{}.{} refers to {target}",
                        def.name,
                        field.name
                    );
                }
                if let Some(stem) = field.name.strip_suffix("Ref") {
                    assert!(def.field(&format!("{stem}Id")).is_some(), "{}.{}", def.name, field.name);
                }
            }
        }
        assert!(objects.len() > 45, "{}", objects.len());
    }
}
