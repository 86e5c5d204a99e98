//! Components that are rows as well: profiles, permission sets with their permissions, roles, groups, queues, and code.
//!
//! Only rows that were written are looked at; generated samples are nobody's metadata.

use std::collections::HashMap;

use crate::model::{Value, ids};
use crate::state::table::StoredRow;
use crate::state::view::Snapshot;
use crate::xml::Element;

use super::super::code;
use super::super::schema::Author;
use super::Unit;
use super::effects::profile_label;
use crate::components::{Component, namespace_of};

/// Writes the rows of a component; answers the id of the row that it is.
pub(super) fn follow(snapshot: &mut Snapshot, author: &Author, unit: &Unit) -> Option<String> {
    let xml = unit.xml.as_ref()?;
    let mut rows = Rows { snapshot, author };
    match unit.kind.as_str() {
        "Profile" => {
            let id = rows.profile(&unit.full_name);
            let set = rows.owned_set(&id, &system_permissions(xml));
            rows.permissions(&set, xml);
            Some(id)
        }
        "PermissionSet" => {
            let label = xml.text_of("label").unwrap_or(&unit.full_name).trim();
            let mut values = vec![
                ("Name", text(&unit.full_name)),
                ("Label", text(label)),
                ("IsCustom", Value::Bool(true)),
            ];
            let granted = system_permissions(xml);
            values.extend(granted.iter().map(|(name, is)| (name.as_str(), Value::Bool(*is))));
            let id = rows.put("PermissionSet", &[("Name", text(&unit.full_name))], &values)?;
            rows.permissions(&id, xml);
            Some(id)
        }
        "Role" => {
            let parent = xml.text_of("parentRole").and_then(|name| id_of(rows.snapshot, "Role", name.trim()));
            let name = xml.text_of("name").unwrap_or(&unit.full_name).trim();
            let values = [
                ("Name", text(name)),
                ("DeveloperName", text(&unit.full_name)),
                ("ParentRoleId", parent.map_or(Value::Null, Value::Id)),
            ];
            rows.put("UserRole", &[("DeveloperName", text(&unit.full_name))], &values)
        }
        kind @ ("Queue" | "Group") => rows.group(kind, &unit.full_name, xml),
        _ => None,
    }
}

/// Writes the row that a class or trigger is, and answers its id; nothing is written if the org holds the same already.
pub(crate) fn follow_code(snapshot: &mut Snapshot, author: &Author, component: &Component) -> Option<String> {
    let (object, wanted) = key_of(&component.kind, &component.full_name)?;
    let known = snapshot.components.get(&component.kind, &component.full_name);
    if !code::KINDS.contains(&component.kind.as_str())
        || known.is_some_and(|known| known.files == component.files)
    {
        return None;
    }
    let cells = code::cells(snapshot, component);
    Rows { snapshot, author }.put(object, &wanted, &cells)
}

/// The id of the row that a component is, if there is one.
pub(in super::super) fn id_of(snapshot: &Snapshot, kind: &str, full_name: &str) -> Option<String> {
    let (object, wanted) = key_of(kind, full_name)?;
    find(snapshot, object, &wanted).map(|counter| id_at(snapshot, object, counter))
}

/// Removes the row of a component that is removed, with what hangs on it.
pub(super) fn forget(snapshot: &mut Snapshot, kind: &str, full_name: &str) {
    let Some((object, wanted)) = key_of(kind, full_name) else { return };
    let Some(counter) = find(snapshot, object, &wanted) else { return };
    let id = id_at(snapshot, object, counter);
    for (child, field) in [
        ("FieldPermissions", "ParentId"),
        ("ObjectPermissions", "ParentId"),
        ("PermissionSetAssignment", "PermissionSetId"),
        ("QueueSobject", "QueueId"),
    ] {
        for counter in all(snapshot, child, &[(field, Value::Id(id.clone()))]) {
            purge(snapshot, child, counter);
        }
    }
    purge(snapshot, object, counter);
}

/// The object whose row a component is, and what tells the row.
fn key_of(kind: &str, full_name: &str) -> Option<(&'static str, Vec<(&'static str, Value)>)> {
    Some(match kind {
        "Profile" => ("Profile", vec![("Name", text(&profile_label(full_name)))]),
        "PermissionSet" => ("PermissionSet", vec![("Name", text(full_name))]),
        "Role" => ("UserRole", vec![("DeveloperName", text(full_name))]),
        "Queue" => ("Group", vec![("DeveloperName", text(full_name)), ("Type", text("Queue"))]),
        "Group" => ("Group", vec![("DeveloperName", text(full_name)), ("Type", text("Regular"))]),
        "ApexClass" => ("ApexClass", code_key(kind, full_name)),
        "ApexTrigger" => ("ApexTrigger", code_key(kind, full_name)),
        _ => return None,
    })
}

fn code_key(kind: &str, full_name: &str) -> Vec<(&'static str, Value)> {
    let namespace = namespace_of(kind, full_name);
    vec![
        ("Name", text(code::bare_name(full_name, namespace.as_deref()))),
        ("NamespacePrefix", text(namespace.as_deref().unwrap_or_default())),
    ]
}

fn text(text: &str) -> Value {
    Value::text(text)
}

fn id_at(snapshot: &Snapshot, object: &str, counter: u64) -> String {
    let prefix = snapshot.table(object).map_or("000", |table| table.def.id_prefix.as_str());
    ids::record_id(prefix, counter)
}

/// The written row that holds these values.
fn find(snapshot: &Snapshot, object: &str, wanted: &[(&str, Value)]) -> Option<u64> {
    holding(snapshot, object, wanted)?.next().map(|(counter, _)| counter)
}

/// All written rows that hold these values.
fn all(snapshot: &Snapshot, object: &str, wanted: &[(&str, Value)]) -> Vec<u64> {
    holding(snapshot, object, wanted).into_iter().flatten().map(|(counter, _)| counter).collect()
}

/// `None` if the org lacks the object or a field.
fn holding<'a>(
    snapshot: &'a Snapshot,
    object: &str,
    wanted: &'a [(&str, Value)],
) -> Option<impl Iterator<Item = (u64, &'a StoredRow)>> {
    let table = snapshot.table(object)?;
    let slots: Vec<(usize, &Value)> = wanted
        .iter()
        .map(|(name, value)| Some((table.def.field(name)?.slot, value)))
        .collect::<Option<_>>()?;
    let holds = move |row: &StoredRow| slots.iter().all(|(slot, value)| row.get(*slot) == **value);
    Some(table.written_rows().filter(move |(_, row)| row.bin.is_none() && holds(row)))
}

/// The rows below a permission set by what they are about; read once, since a profile may have thousands.
fn rows_below(snapshot: &Snapshot, object: &str, set: &str, key: &str) -> HashMap<String, u64> {
    let parent = [("ParentId", Value::Id(set.to_owned()))];
    let slot = snapshot.table(object).and_then(|table| Some(table.def.field(key)?.slot));
    let (Some(slot), Some(rows)) = (slot, holding(snapshot, object, &parent)) else { return HashMap::new() };
    rows.map(|(counter, row)| (row.get(slot).to_plain_text(), counter)).collect()
}

fn purge(snapshot: &mut Snapshot, object: &str, counter: u64) {
    if let Some(table) = snapshot.table_mut(object) {
        table.purge(counter);
    }
}

/// `PermissionsViewAllData` and whether it is granted, for each user permission.
fn system_permissions(xml: &Element) -> Vec<(String, bool)> {
    let named = xml.all("userPermissions").filter_map(|entry| Some((entry.text_of("name")?.trim(), entry)));
    named.map(|(name, entry)| (format!("Permissions{name}"), entry.is_true("enabled"))).collect()
}

struct Rows<'a> {
    snapshot: &'a mut Snapshot,
    author: &'a Author,
}

impl Rows<'_> {
    /// Writes values into the row that `wanted` tells, or into a new one; `None` if the org lacks the object.
    fn put(&mut self, object: &str, wanted: &[(&str, Value)], values: &[(&str, Value)]) -> Option<String> {
        let known = find(self.snapshot, object, wanted);
        self.put_at(object, known, values).map(|(id, _)| id)
    }

    /// Writes values into the row with this counter, or into a new one; answers its id and counter.
    fn put_at(
        &mut self,
        object: &str,
        known: Option<u64>,
        values: &[(&str, Value)],
    ) -> Option<(String, u64)> {
        let (at, by) = (Value::DateTime(self.author.at_ms), Value::Id(self.author.user_id.clone()));
        let table = self.snapshot.table_mut(object)?;
        let def = table.def.clone();
        let counter = known.unwrap_or_else(|| table.reserve());
        let mut row = known.and_then(|counter| table.take(counter)).unwrap_or_default();
        let mut stamps = vec![
            ("LastModifiedDate", at.clone()),
            ("LastModifiedById", by.clone()),
            ("SystemModstamp", at.clone()),
        ];
        if known.is_none() {
            stamps.extend([("CreatedDate", at), ("CreatedById", by)]);
        }
        for (name, value) in stamps.iter().chain(values) {
            if let Some(field) = def.field(name) {
                row.set(field.slot, value);
            }
        }
        table.put(counter, row);
        Some((ids::record_id(&def.id_prefix, counter), counter))
    }

    fn profile(&mut self, full_name: &str) -> String {
        let name = text(&profile_label(full_name));
        let wanted = [("Name", name.clone())];
        if let Some(counter) = find(self.snapshot, "Profile", &wanted) {
            return id_at(self.snapshot, "Profile", counter);
        }
        let licence = find(self.snapshot, "UserLicense", &[("Name", text("Salesforce"))]);
        let licence =
            licence.map_or(Value::Null, |counter| Value::Id(id_at(self.snapshot, "UserLicense", counter)));
        let values = [("Name", name), ("UserType", text("Standard")), ("UserLicenseId", licence)];
        self.put("Profile", &wanted, &values).unwrap_or_default()
    }

    /// Every profile owns a permission set, which holds its permissions.
    fn owned_set(&mut self, profile: &str, granted: &[(String, bool)]) -> String {
        let owner = Value::Id(profile.to_owned());
        let name = format!("X{}", profile.get(..15).unwrap_or(profile));
        let mut values: Vec<(&str, Value)> = vec![
            ("Name", text(&name)),
            ("Label", text(&name)),
            ("ProfileId", owner.clone()),
            ("IsOwnedByProfile", Value::Bool(true)),
            ("IsCustom", Value::Bool(false)),
        ];
        values.extend(granted.iter().map(|(name, is)| (name.as_str(), Value::Bool(*is))));
        self.put("PermissionSet", &[("ProfileId", owner)], &values).unwrap_or_default()
    }

    /// Object and field permissions as rows below a permission set. What is not granted has no row.
    fn permissions(&mut self, set: &str, xml: &Element) {
        const OBJECT: [(&str, &str); 6] = [
            ("allowRead", "PermissionsRead"),
            ("allowCreate", "PermissionsCreate"),
            ("allowEdit", "PermissionsEdit"),
            ("allowDelete", "PermissionsDelete"),
            ("viewAllRecords", "PermissionsViewAllRecords"),
            ("modifyAllRecords", "PermissionsModifyAllRecords"),
        ];
        let parent = ("ParentId", Value::Id(set.to_owned()));
        let mut known = rows_below(self.snapshot, "ObjectPermissions", set, "SobjectType");
        for entry in xml.all("objectPermissions") {
            let Some(object) = entry.text_of("object").map(str::trim) else { continue };
            let wanted = [parent.clone(), ("SobjectType", text(object))];
            let granted = OBJECT.map(|(element, column)| (column, Value::Bool(entry.is_true(element))));
            let values = entry.is_true("allowRead").then(|| [&wanted[..], &granted].concat());
            self.grant("ObjectPermissions", &mut known, object, values);
        }
        let mut known = rows_below(self.snapshot, "FieldPermissions", set, "Field");
        for entry in xml.all("fieldPermissions") {
            let Some(field) = entry.text_of("field").map(str::trim) else { continue };
            let object = field.split('.').next().unwrap_or(field);
            let wanted = [parent.clone(), ("SobjectType", text(object)), ("Field", text(field))];
            let is_readable = entry.is_true("readable");
            let granted = [
                ("PermissionsRead", Value::Bool(is_readable)),
                ("PermissionsEdit", Value::Bool(entry.is_true("editable"))),
            ];
            let values = is_readable.then(|| [&wanted[..], &granted].concat());
            self.grant("FieldPermissions", &mut known, field, values);
        }
    }

    /// Puts the row about `what`, or takes it away where nothing is granted.
    fn grant(
        &mut self,
        object: &str,
        known: &mut HashMap<String, u64>,
        what: &str,
        granted: Option<Vec<(&str, Value)>>,
    ) {
        match granted {
            Some(values) => {
                if let Some((_, counter)) = self.put_at(object, known.get(what).copied(), &values) {
                    known.insert(what.to_owned(), counter);
                }
            }
            None => {
                if let Some(counter) = known.remove(what) {
                    purge(self.snapshot, object, counter);
                }
            }
        }
    }

    fn group(&mut self, kind: &str, full_name: &str, xml: &Element) -> Option<String> {
        let of = if kind == "Queue" { "Queue" } else { "Regular" };
        let name = xml.text_of("name").unwrap_or(full_name).trim();
        let wanted = [("DeveloperName", text(full_name)), ("Type", text(of))];
        let mut values = wanted.to_vec();
        values.extend([
            ("Name", text(name)),
            ("DoesSendEmailToMembers", Value::Bool(xml.is_true("doesSendEmailToMembers"))),
            ("DoesIncludeBosses", Value::Bool(xml.is_true("doesIncludeBosses"))),
        ]);
        let id = self.put("Group", &wanted, &values)?;
        for entry in xml.all("queueSobject") {
            let Some(object) = entry.text_of("sobjectType").map(str::trim) else { continue };
            let wanted = [("QueueId", Value::Id(id.clone())), ("SobjectType", text(object))];
            self.put("QueueSobject", &wanted, &wanted);
        }
        Some(id)
    }
}
