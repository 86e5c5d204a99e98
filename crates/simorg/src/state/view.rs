//! The org's data at one moment, and what one user may see of it.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use crate::components::Components;
use crate::model::{FieldSource, FieldType, ObjectDef, ObjectKind, Value, ids};

use super::clock::Clock;
use super::formula::Formulas;
use super::row::Row;
use super::sharing::{Access, Sharing, rows_naming};
use super::table::{Found, Table};
use super::tables::Tables;
use super::transaction::platform_rules::{AUDIT_FIELDS, AUDITABLE};
use super::users::User;

/// All tables at one moment.
#[derive(Debug, Default)]
pub struct Snapshot {
    tables: Tables,
    /// Names in lower case by key prefix; several objects may share one.
    by_prefix: HashMap<String, Vec<String>>,
    /// When any object last came, went or changed.
    pub(crate) schema_changed_ms: i64,
    pub(crate) sharing: Arc<Sharing>,
    pub(crate) components: Arc<Components>,
    /// Objects as users with hidden fields see them, by user id, generation and name.
    trimmed: Mutex<HashMap<(String, u64, String), Arc<ObjectDef>>>,
    /// The org's clock, for formulas.
    pub(crate) clock: Arc<Clock>,
}

impl Clone for Snapshot {
    fn clone(&self) -> Snapshot {
        Snapshot {
            tables: self.tables.clone(),
            by_prefix: self.by_prefix.clone(),
            schema_changed_ms: self.schema_changed_ms,
            sharing: self.sharing.clone(),
            components: self.components.clone(),
            trimmed: Mutex::default(),
            clock: self.clock.clone(),
        }
    }
}

impl Snapshot {
    pub(crate) fn table(&self, object: &str) -> Option<&Arc<Table>> {
        self.tables.get(object)
    }

    pub(crate) fn table_mut(&mut self, object: &str) -> Option<&mut Table> {
        self.tables.get_mut(object).map(Arc::make_mut)
    }

    pub(crate) fn tables(&self) -> impl Iterator<Item = &Arc<Table>> {
        self.tables.iter()
    }

    pub(crate) fn insert_table(&mut self, table: Table) {
        let key = table.def.name.to_ascii_lowercase();
        self.by_prefix.entry(table.def.id_prefix.clone()).or_default().push(key);
        self.tables.insert(table);
    }

    pub(crate) fn remove_table(&mut self, object: &str) {
        let key = object.to_ascii_lowercase();
        self.tables.remove(object);
        for names in self.by_prefix.values_mut() {
            names.retain(|name| *name != key);
        }
    }

    /// Whether the ids of any object begin with these three characters.
    pub(crate) fn has_prefix(&self, prefix: &str) -> bool {
        self.by_prefix.get(prefix).is_some_and(|names| !names.is_empty())
    }

    /// Formulas are read anew after a change of any schema, since they reach across objects.
    pub(crate) fn forget_formulas(&mut self) {
        for table in self.tables.iter_mut() {
            Formulas::forget(&mut Arc::make_mut(table).formulas);
        }
    }

    /// The table that this id belongs to, whether or not the row exists.
    pub(crate) fn table_of(&self, id: &str) -> Option<&Arc<Table>> {
        let names = self.by_prefix.get(id.get(..3)?)?;
        let counter = ids::counter_of(id)?;
        names
            .iter()
            .filter_map(|name| self.tables.get(name))
            .filter(|table| table.def.first_counter <= counter)
            .max_by_key(|table| table.def.first_counter)
    }

    /// The row with this id of 15 or 18 characters, also when it lies in the bin.
    pub(crate) fn find(this: &Arc<Snapshot>, id: &str) -> Option<Row> {
        let table = this.table_of(id)?;
        let counter = ids::counter_of(id)?;
        let found = table.find(counter)?;
        Some(Row::new(this.clone(), table.clone(), counter, found))
    }

    /// The first row of an object.
    pub(crate) fn first_of(this: &Arc<Snapshot>, object: &str) -> Option<Row> {
        let table = this.table(object)?;
        let (counter, found) = table.rows().next()?;
        Some(Row::new(this.clone(), table.clone(), counter, found))
    }

    /// The object as this user's describe tells it: without hidden fields, with what the user may do to the others.
    fn trimmed(&self, def: &Arc<ObjectDef>, user: &User) -> Arc<ObjectDef> {
        let name = def.name.to_ascii_lowercase();
        if !is_trimmed(def, &name, user) {
            return def.clone();
        }
        let key = (user.id.clone(), user.generation, name);
        let mut trimmed = self.trimmed.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        trimmed.entry(key).or_insert_with(|| Arc::new(trim(def, user))).clone()
    }
}

fn is_trimmed(def: &ObjectDef, name: &str, user: &User) -> bool {
    let own = &user.permissions;
    let names_field = |set: &std::collections::BTreeSet<(String, String)>| {
        !set.is_empty()
            && set.range((name.to_owned(), String::new())..).next().is_some_and(|(o, _)| o == name)
    };
    names_field(&own.hidden_fields)
        || names_field(&own.readonly_fields)
        || own.object_rights.contains_key(name)
        || (own.holds("CreateAuditFields") && is_auditable(def))
        || (!own.holds("ViewEncryptedData") && def.has_encrypted_fields())
}

/// Objects whose audit fields may be set by users with the permission.
fn is_auditable(def: &ObjectDef) -> bool {
    def.kind == ObjectKind::Custom || AUDITABLE.contains(&def.name.as_str())
}

fn trim(def: &ObjectDef, user: &User) -> ObjectDef {
    let own = &user.permissions;
    let rights = own.rights(&def.name);
    let mut seen = def.clone();
    seen.fields.retain(|field| own.sees_field(&def.name, &field.name));
    for field in &mut seen.fields {
        if !own.writes_field(&def.name, &field.name) {
            field.read_only();
        }
        if field.kind == FieldType::EncryptedString && !own.holds("ViewEncryptedData") {
            field.source = FieldSource::Masked;
        }
    }
    if own.holds("CreateAuditFields") && is_auditable(def) {
        for field in seen.fields.iter_mut().filter(|field| AUDIT_FIELDS.contains(&field.name.as_str())) {
            field.createable = true;
        }
    }
    seen.flags.createable &= rights.create;
    seen.flags.updateable &= rights.edit;
    seen.flags.deletable &= rights.delete;
    seen.flags.undeletable &= rights.delete;
    seen.reindex();
    seen
}

/// Which rows a scan visits.
#[derive(Debug, Clone, Copy, Default)]
pub struct Scan {
    /// Also what lies in the recycle bin or is archived (queryAll).
    pub with_deleted: bool,
    /// A hint: rows outside the range may be left out, and may come along.
    pub stamped: Option<StampRange>,
}

/// A half-open range of `SystemModstamp` in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StampRange {
    pub from_ms: i64,
    pub until_ms: i64,
}

/// One snapshot as one user sees it.
#[derive(Debug, Clone)]
pub struct View {
    snapshot: Arc<Snapshot>,
    user: Arc<User>,
}

impl View {
    pub(crate) fn new(snapshot: Arc<Snapshot>, user: Arc<User>) -> View {
        View { snapshot, user }
    }

    pub fn user(&self) -> &User {
        &self.user
    }

    pub(crate) fn snapshot(&self) -> &Arc<Snapshot> {
        &self.snapshot
    }

    /// The object of this name without the fields that are hidden from the user; `None` when it is hidden itself.
    pub fn object(&self, name: &str) -> Option<Arc<ObjectDef>> {
        let table = self.snapshot.table(name)?;
        let visible = self.user.permissions.sees_object(&table.def.name);
        visible.then(|| self.snapshot.trimmed(&table.def, &self.user))
    }

    /// All visible objects, by name.
    pub fn objects(&self) -> Vec<Arc<ObjectDef>> {
        let mut objects: Vec<_> =
            self.snapshot.tables().filter_map(|table| self.object(&table.def.name)).collect();
        objects.sort_by(|a, b| a.name.cmp(&b.name));
        objects
    }

    /// The object whose ids look like this one.
    pub fn object_of_id(&self, id: &str) -> Option<Arc<ObjectDef>> {
        let name = self.snapshot.table_of(id)?.def.name.clone();
        self.object(&name)
    }

    /// When the describe of the object, as this user sees it, last changed.
    pub fn changed_ms(&self, object: &str) -> i64 {
        self.snapshot.table(object).map_or(0, |table| table.changed_ms).max(self.user.changed_ms)
    }

    /// When the list of objects, as this user sees it, last changed.
    pub fn list_changed_ms(&self) -> i64 {
        self.snapshot.schema_changed_ms.max(self.user.changed_ms)
    }

    /// Visits the rows that the user may see, in the order of their ids, until told to stop.
    pub fn scan(&self, object: &ObjectDef, scan: Scan, visit: &mut dyn FnMut(&Row) -> ControlFlow<()>) {
        let Some(table) = self.snapshot.table(&object.name) else { return };
        // Rows without these fields are stamped by their creation, which the table does not find by range.
        let by_change =
            ["SystemModstamp", "LastModifiedDate"].iter().any(|name| table.def.field(name).is_some());
        match scan.stamped.filter(|_| by_change) {
            Some(range) => {
                let rows = table.rows_stamped(range.from_ms, range.until_ms);
                self.offer(table, rows, scan.with_deleted, visit);
            }
            None => self.offer(table, table.rows(), scan.with_deleted, visit),
        }
    }

    /// Visits those of these rows of a table that the user may see, until told to stop.
    pub(crate) fn offer(
        &self,
        table: &Arc<Table>,
        rows: impl IntoIterator<Item = (u64, Found)>,
        with_deleted: bool,
        visit: &mut dyn FnMut(&Row) -> ControlFlow<()>,
    ) {
        let mut row: Option<Row> = None;
        for (counter, found) in rows {
            let row = match &mut row {
                Some(row) => {
                    row.move_to(counter, found);
                    row
                }
                None => row.insert(
                    Row::new(self.snapshot.clone(), table.clone(), counter, found).read_by(&self.user),
                ),
            };
            let is_shown = with_deleted || (!row.is_deleted() && !row.is_archived());
            if is_shown && self.may_see(row) && visit(row).is_break() {
                return;
            }
        }
    }

    /// The row of this object with this id (15 or 18 characters), also when it lies in the bin.
    pub fn row(&self, object: &ObjectDef, id: &str) -> Option<Row> {
        let id = ids::canonical(id)?;
        let row = Snapshot::find(&self.snapshot, &id)?;
        (row.object_name() == object.name && self.may_see(&row)).then(|| row.read_by(&self.user))
    }

    /// How many rows a scan would visit.
    pub fn count(&self, object: &ObjectDef, with_deleted: bool) -> u64 {
        let Some(table) = self.snapshot.table(&object.name) else { return 0 };
        let archives = matches!(object.name.as_str(), "Task" | "Event" | "ContentDocument");
        if self.sees_all(object) && (with_deleted || !archives) {
            return if with_deleted { table.with_bin() } else { table.live() };
        }
        if self.sees_all(object) {
            return table.unarchived();
        }
        let mut count = 0;
        self.scan(object, Scan { with_deleted, stamped: None }, &mut |_| {
            count += 1;
            ControlFlow::Continue(())
        });
        count
    }

    /// The counters of all rows that a scan would visit, if none of them need be read to tell.
    pub(crate) fn all_counters(&self, object: &ObjectDef, with_deleted: bool) -> Option<Vec<u64>> {
        let archives = matches!(object.name.as_str(), "Task" | "Event" | "ContentDocument");
        let table = self.snapshot.table(&object.name)?;
        if !self.sees_all(object) || (archives && !with_deleted) {
            return None;
        }
        let is_shown = |found: &Found| match found {
            Found::Generated(_) => true,
            Found::Stored(row) => with_deleted || row.bin.is_none(),
        };
        Some(table.rows().filter(|(_, found)| is_shown(found)).map(|(counter, _)| counter).collect())
    }

    fn sees_all(&self, object: &ObjectDef) -> bool {
        let own = &self.user.permissions;
        match object.name.as_str() {
            PER_USER => false,
            name if is_file(name) => own.view_all_data && own.query_all_files,
            name => own.view_all_data || own.rights(name).view_all,
        }
    }

    /// Whether the user may see the row.
    pub(crate) fn may_see(&self, row: &Row) -> bool {
        let own = &self.user.permissions;
        if own.view_all_data && own.query_all_files && row.object_name() != PER_USER {
            return true;
        }
        self.access(row) >= Access::Read
    }

    /// How much of a row the user has, object permissions aside.
    pub fn access(&self, row: &Row) -> Access {
        let own = &self.user.permissions;
        let object = row.object_name();
        if object == PER_USER {
            let is_own = ids::counter_of(&self.user.id) == Some(row.counter());
            return if is_own { Access::Read } else { Access::None };
        }
        if is_file(object) && !(own.view_all_data && own.query_all_files) {
            return self.file_access(row);
        }
        let rights = own.rights(object);
        if own.modify_all_data || rights.modify_all {
            return Access::All;
        }
        let floor = if own.view_all_data || rights.view_all { Access::Read } else { Access::None };
        floor.max(self.snapshot.sharing.access(&self.snapshot, row, &self.user))
    }

    /// Files are the owner's and theirs with whom they are shared by a link.
    fn file_access(&self, row: &Row) -> Access {
        let document = match row.object_name() {
            "ContentDocument" => Some(row.clone()),
            _ => match row.value_of("ContentDocumentId") {
                Value::Id(document) => Snapshot::find(&self.snapshot, &document),
                _ => None,
            },
        };
        let Some(document) = document else { return Access::None };
        if document.value_of("OwnerId").as_str() == Some(&self.user.id) {
            return Access::All;
        }
        let Some(links) = self.snapshot.table("ContentDocumentLink") else { return Access::None };
        let slots = ["ContentDocumentId", "LinkedEntityId", "ShareType"].map(|name| links.def.field(name));
        let [Some(of), Some(to), Some(share)] = slots else { return Access::None };
        let text = |row: &super::table::StoredRow, slot: usize| row.get(slot).to_plain_text();
        rows_naming(links, of.slot, document.id())
            .iter()
            .filter(|link| link.bin.is_none() && text(link, of.slot) == document.id())
            .filter(|link| self.snapshot.sharing.names(&text(link, to.slot), &self.user))
            .map(|link| if text(link, share.slot) == "C" { Access::Edit } else { Access::Read })
            .max()
            .unwrap_or(Access::None)
    }
}

/// Of this object everyone sees one row, whatever else the user may see.
const PER_USER: &str = "UserPermissionAccess";

fn is_file(object: &str) -> bool {
    matches!(object, "ContentDocument" | "ContentVersion" | "ContentDocumentLink")
}
