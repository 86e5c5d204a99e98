//! What users may do, as rows tell it: profiles, permission sets and groups of them, with their object and field permissions.
//!
//! Every profile owns a permission set, and only permission sets are read. A user holds what any of the sets grants. Objects
//! in `permissionable` and their permissionable fields are hidden unless a set grants them; all others follow their parent or
//! are open, as in a real org, where they have no permissions of their own.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use crate::model::{FieldDef, FieldType, ObjectDef, ObjectKind, Value, ids, permissions};

use super::row::Row;
use super::table::StoredRow;
use super::users::{ObjectRights, Permissions};
use super::view::Snapshot;

/// Standard objects with object permissions of their own; the others follow these or are set-up.
const STANDARD: [&str; 17] = [
    "Account",
    "Contact",
    "Lead",
    "Opportunity",
    "Case",
    "Campaign",
    "Contract",
    "Order",
    "Product2",
    "Pricebook2",
    "Asset",
    "Document",
    "Individual",
    "Quote",
    "WorkOrder",
    "OperatingHours",
    "DandBCompany",
];

/// Objects without object permissions that have field permissions nevertheless.
const FIELDS_ONLY: [&str; 4] = ["Task", "Event", "OpportunityLineItem", "OrderItem"];

/// Profiles that are granted every object and field that is there or is added.
pub(crate) const FULL_PROFILES: [&str; 2] = ["System Administrator", "Standard User"];

/// Rows of these objects decide what users may do.
pub(crate) const DECIDING: [&str; 8] = ["005", "00e", "0PS", "0Pa", "0PG", "0PH", "110", "01k"];

const OBJECT_COLUMNS: [&str; 6] = [
    "PermissionsRead",
    "PermissionsCreate",
    "PermissionsEdit",
    "PermissionsDelete",
    "PermissionsViewAllRecords",
    "PermissionsModifyAllRecords",
];

/// Whether an object has object permissions of its own.
pub(crate) fn is_permissionable(def: &ObjectDef) -> bool {
    match def.kind {
        ObjectKind::Custom => true,
        ObjectKind::Standard => STANDARD.contains(&def.name.as_str()),
        _ => false,
    }
}

/// Whether the fields of an object have field permissions.
fn has_field_permissions(def: &ObjectDef) -> bool {
    is_permissionable(def) || FIELDS_ONLY.contains(&def.name.as_str())
}

/// Whether a field has field permissions; required ones have none.
fn is_governed(field: &FieldDef) -> bool {
    field.permissionable && field.kind != FieldType::Id
}

/// A field that a set lets users read, by object and name in lower case.
#[derive(Debug)]
struct FieldGrant {
    object: String,
    field: String,
    edits: bool,
}

/// All permission sets with what they grant, to be asked for one user after the other.
#[derive(Debug, Default)]
pub(crate) struct Grants {
    /// The set that a profile owns.
    of_profile: HashMap<String, String>,
    /// Sets assigned to a user, by hand or through a group.
    assigned: HashMap<String, Vec<String>>,
    system: HashMap<String, Vec<&'static str>>,
    /// By set: object in lower case, and its six columns.
    objects: HashMap<String, Vec<(String, [bool; 6])>>,
    fields: HashMap<String, Vec<FieldGrant>>,
}

impl Grants {
    pub(crate) fn of(snapshot: &Arc<Snapshot>) -> Grants {
        let mut grants = Grants::default();
        grants.read_sets(snapshot);
        grants.read_assignments(snapshot);
        each(snapshot, "ObjectPermissions", |row| {
            let columns = OBJECT_COLUMNS.map(|name| row.value_of(name) == Value::Bool(true));
            let object = row.value_of("SobjectType").to_plain_text().to_ascii_lowercase();
            grants.objects.entry(parent(row)).or_default().push((object, columns));
        });
        each(snapshot, "FieldPermissions", |row| {
            let name = row.value_of("Field").to_plain_text().to_ascii_lowercase();
            let Some((object, field)) = name.split_once('.') else { return };
            if row.value_of("PermissionsRead") == Value::Bool(true) {
                let edits = row.value_of("PermissionsEdit") == Value::Bool(true);
                let grant = FieldGrant { object: object.to_owned(), field: field.to_owned(), edits };
                grants.fields.entry(parent(row)).or_default().push(grant);
            }
        });
        grants
    }

    fn read_sets(&mut self, snapshot: &Arc<Snapshot>) {
        let columns = permissions::SYSTEM_PERMISSIONS.map(|(name, ..)| (name, permissions::column(name)));
        each(snapshot, "PermissionSet", |row| {
            let held = columns.iter().filter(|(_, column)| row.value_of(column) == Value::Bool(true));
            self.system.insert(row.id().to_owned(), held.map(|(name, _)| *name).collect());
            if let (Value::Id(profile), Value::Bool(true)) =
                (row.value_of("ProfileId"), row.value_of("IsOwnedByProfile"))
            {
                self.of_profile.insert(profile, row.id().to_owned());
            }
        });
    }

    fn read_assignments(&mut self, snapshot: &Arc<Snapshot>) {
        let mut members: HashMap<String, Vec<String>> = HashMap::new();
        each(snapshot, "PermissionSetGroupComponent", |row| {
            let group = row.value_of("PermissionSetGroupId").to_plain_text();
            members.entry(group).or_default().push(row.value_of("PermissionSetId").to_plain_text());
        });
        each(snapshot, "PermissionSetAssignment", |row| {
            let sets = self.assigned.entry(row.value_of("AssigneeId").to_plain_text()).or_default();
            sets.push(row.value_of("PermissionSetId").to_plain_text());
            let group = row.value_of("PermissionSetGroupId").to_plain_text();
            sets.extend(members.get(&group).into_iter().flatten().cloned());
        });
    }

    /// What a user with this profile may do.
    pub(crate) fn permissions(&self, snapshot: &Snapshot, user: &str, profile: &str) -> Permissions {
        let sets: Vec<&String> = self
            .of_profile
            .get(profile)
            .into_iter()
            .chain(self.assigned.get(user).into_iter().flatten())
            .collect();
        let system = sets.iter().filter_map(|set| self.system.get(*set)).flatten().copied();
        let mut own = Permissions::of(&system.collect::<Vec<_>>());
        let objects = self.object_columns(&sets);
        let fields = self.field_edits(&sets);
        for table in snapshot.tables() {
            if is_permissionable(&table.def) {
                own.govern_object(&table.def, objects.get(table.def.name.to_ascii_lowercase().as_str()));
            }
            if has_field_permissions(&table.def) {
                own.govern_fields(&table.def, &fields);
            }
        }
        own
    }

    fn object_columns(&self, sets: &[&String]) -> BTreeMap<&str, [bool; 6]> {
        let mut objects: BTreeMap<&str, [bool; 6]> = BTreeMap::new();
        for (object, columns) in sets.iter().filter_map(|set| self.objects.get(*set)).flatten() {
            let own = objects.entry(object).or_default();
            for (at, column) in columns.iter().enumerate() {
                own[at] |= column;
            }
        }
        objects
    }

    fn field_edits(&self, sets: &[&String]) -> HashMap<(&str, &str), bool> {
        let mut fields: HashMap<(&str, &str), bool> = HashMap::new();
        for grant in sets.iter().filter_map(|set| self.fields.get(*set)).flatten() {
            *fields.entry((&grant.object, &grant.field)).or_default() |= grant.edits;
        }
        fields
    }
}

impl Permissions {
    /// View All Data and Modify All Data reach every object, whatever its own permissions say.
    fn govern_object(&mut self, def: &ObjectDef, columns: Option<&[bool; 6]>) {
        let [read, create, edit, delete, view_all, modify_all] = columns.copied().unwrap_or_default();
        let object = def.name.to_ascii_lowercase();
        if !(read || self.view_all_data) {
            self.hidden_objects.insert(object);
            return;
        }
        let all = self.modify_all_data;
        let rights = ObjectRights {
            create: create || all,
            edit: edit || modify_all || all,
            delete: delete || modify_all || all,
            view_all: view_all || modify_all,
            modify_all,
        };
        if rights != ObjectRights::OPEN {
            self.object_rights.insert(object, rights);
        }
    }

    fn govern_fields(&mut self, def: &ObjectDef, granted: &HashMap<(&str, &str), bool>) {
        let object = def.name.to_ascii_lowercase();
        let mut hidden = Vec::new();
        for field in def.fields.iter().filter(|field| is_governed(field)) {
            let name = field.name.to_ascii_lowercase();
            match granted.get(&(object.as_str(), name.as_str())) {
                None => hidden.push(name),
                Some(false) => drop(self.readonly_fields.insert((object.clone(), name))),
                Some(true) => {}
            }
        }
        self.hidden_fields.extend(hidden.into_iter().map(|name| (object.clone(), name)));
    }
}

fn parent(row: &Row) -> String {
    row.value_of("ParentId").to_plain_text()
}

/// Visits the live rows of an object; none if the org lacks it.
pub(super) fn each(snapshot: &Arc<Snapshot>, object: &str, mut visit: impl FnMut(&Row)) {
    let Some(table) = snapshot.table(object).cloned() else { return };
    for (counter, found) in table.rows() {
        let row = Row::new(snapshot.clone(), table.clone(), counter, found);
        if !row.is_deleted() {
            visit(&row);
        }
    }
}

/// Grants the objects, or those of them that are named, with all their fields to the sets of the full profiles.
pub(crate) fn grant_all(snapshot: &mut Snapshot, wanted: impl Fn(&ObjectDef) -> bool, at_ms: i64) {
    let sets = full_sets(snapshot);
    let defs: Vec<Arc<ObjectDef>> =
        snapshot.tables().map(|table| table.def.clone()).filter(|def| wanted(def)).collect();
    for set in &sets {
        let objects = defs.iter().filter(|def| is_permissionable(def));
        let objects: Vec<Vec<(&str, Value)>> = objects.map(|def| object_row(set, &def.name)).collect();
        add_rows(snapshot, "ObjectPermissions", objects, at_ms);
        for def in defs.iter().filter(|def| has_field_permissions(def)) {
            let governed = def.fields.iter().filter(|field| is_governed(field));
            let fields = governed.map(|field| field_row(set, &def.name, field)).collect();
            add_rows(snapshot, "FieldPermissions", fields, at_ms);
        }
    }
}

/// Grants the objects and fields that were not there before, as those that are made in setup are granted.
pub(crate) fn grant_new(snapshot: &mut Snapshot, before: &Snapshot, at_ms: i64) {
    let defs: Vec<Arc<ObjectDef>> = snapshot.tables().map(|table| table.def.clone()).collect();
    for def in defs {
        match before.table(&def.name) {
            None => grant_all(snapshot, |new| new.name == def.name, at_ms),
            Some(old) if Arc::ptr_eq(&old.def, &def) => {}
            Some(old) => {
                for field in def.fields.iter().filter(|field| old.def.field(&field.name).is_none()) {
                    grant_field(snapshot, &def.name, &field.name, at_ms);
                }
            }
        }
    }
}

/// Grants one field that was added.
pub(crate) fn grant_field(snapshot: &mut Snapshot, object: &str, field: &str, at_ms: i64) {
    let Some(def) = snapshot.table(object).map(|table| table.def.clone()) else { return };
    let Some(field) = def.field(field).filter(|field| has_field_permissions(&def) && is_governed(field))
    else {
        return;
    };
    for set in full_sets(snapshot) {
        add_rows(snapshot, "FieldPermissions", vec![field_row(&set, &def.name, field)], at_ms);
    }
}

/// Takes the permissions for what is no longer there: an object, or `Object.Field`.
pub(crate) fn revoke(snapshot: &mut Snapshot, object: &str, field: Option<&str>) {
    let name = field.map(|field| format!("{object}.{field}"));
    for (table, column) in [("ObjectPermissions", "SobjectType"), ("FieldPermissions", "SobjectType")] {
        let Some(table) = snapshot.table_mut(table) else { continue };
        let (Some(object_slot), field_slot) = (
            table.def.field(column).map(|field| field.slot),
            table.def.field("Field").map(|field| field.slot),
        ) else {
            continue;
        };
        let is = |row: &StoredRow, slot: usize, name: &str| {
            row.get(slot).to_plain_text().eq_ignore_ascii_case(name)
        };
        let gone: Vec<u64> = table
            .written_rows()
            .filter(|(_, row)| match (&name, field_slot) {
                (Some(name), Some(slot)) => is(row, slot, name),
                (Some(_), None) => false,
                (None, _) => is(row, object_slot, object),
            })
            .map(|(counter, _)| counter)
            .collect();
        for counter in gone {
            table.purge(counter);
        }
    }
}

fn full_sets(snapshot: &Snapshot) -> Vec<String> {
    let column = |object: &str, name: &str| {
        snapshot.table(object).and_then(|table| table.def.field(name).map(|field| field.slot))
    };
    let (Some(name), Some(owner)) = (column("Profile", "Name"), column("PermissionSet", "ProfileId")) else {
        return Vec::new();
    };
    let ids_of = |object: &str, wanted: &dyn Fn(&StoredRow) -> bool| -> Vec<String> {
        let Some(table) = snapshot.table(object) else { return Vec::new() };
        let found = table.written_rows().filter(|(_, row)| row.bin.is_none() && wanted(row));
        found.map(|(counter, _)| ids::record_id(&table.def.id_prefix, counter)).collect()
    };
    let profiles: HashSet<String> =
        ids_of("Profile", &|row| row.get(name).as_str().is_some_and(|name| FULL_PROFILES.contains(&name)))
            .into_iter()
            .collect();
    ids_of("PermissionSet", &|row| row.get(owner).as_str().is_some_and(|profile| profiles.contains(profile)))
}

fn object_row(set: &str, object: &str) -> Vec<(&'static str, Value)> {
    let mut row = vec![("ParentId", Value::Id(set.to_owned())), ("SobjectType", Value::text(object))];
    row.extend(OBJECT_COLUMNS[..4].iter().map(|column| (*column, Value::Bool(true))));
    row
}

fn field_row(set: &str, object: &str, field: &FieldDef) -> Vec<(&'static str, Value)> {
    vec![
        ("ParentId", Value::Id(set.to_owned())),
        ("SobjectType", Value::text(object)),
        ("Field", Value::text(format!("{object}.{}", field.name))),
        ("PermissionsRead", Value::Bool(true)),
        ("PermissionsEdit", Value::Bool(true)),
    ]
}

/// Writes rows of the system, stamped with this time, unless the object has generated rows.
fn add_rows(snapshot: &mut Snapshot, object: &str, rows: Vec<Vec<(&str, Value)>>, at_ms: i64) {
    let admin =
        snapshot.table("User").map(|table| ids::record_id(&table.def.id_prefix, table.def.first_counter));
    let Some(table) = snapshot.table_mut(object).filter(|table| table.generator.is_none()) else { return };
    let def = table.def.clone();
    let slots: HashMap<&str, usize> =
        def.fields.iter().map(|field| (field.name.as_str(), field.slot)).collect();
    let by = Value::Id(admin.unwrap_or_default());
    let audit = [
        ("CreatedDate", Value::DateTime(at_ms)),
        ("CreatedById", by.clone()),
        ("LastModifiedDate", Value::DateTime(at_ms)),
        ("LastModifiedById", by),
        ("SystemModstamp", Value::DateTime(at_ms)),
    ];
    for row in rows {
        let values = audit.iter().cloned().chain(row);
        let row = StoredRow::of(values.filter_map(|(name, value)| Some((*slots.get(name)?, value))));
        let counter = table.reserve();
        table.put(counter, row);
    }
}

/// The row of `UserPermissionAccess` that a user finds; its counter is that of the user's id.
pub(crate) fn put_access_row(snapshot: &mut Snapshot, user: &str, own: &Permissions, at_ms: i64) {
    let Some(counter) = ids::counter_of(user) else { return };
    let Some(table) = snapshot.table_mut("UserPermissionAccess") else { return };
    let def = table.def.clone();
    let values = def.fields.iter().filter_map(|field| {
        let value = match field.name.strip_prefix("Permissions") {
            Some(name) => Value::Bool(own.holds(name)),
            None if field.name == "LastCacheUpdate" => Value::DateTime(at_ms),
            None => return None,
        };
        Some((field.slot, value))
    });
    table.put(counter, StoredRow::of(values));
}

/// The profile that a user's row names.
pub(crate) fn profile_of(snapshot: &Arc<Snapshot>, user: &str) -> String {
    Snapshot::find(snapshot, user).map_or_else(String::new, |row| row.value_of("ProfileId").to_plain_text())
}

/// The users that one of these rows concerns: all, as soon as a row decides.
pub(crate) fn decides(touched: &BTreeSet<String>) -> bool {
    touched.iter().any(|id| DECIDING.iter().any(|prefix| id.starts_with(prefix)))
}
