//! Who may see and edit a row beyond object permissions: org-wide defaults, owners, queues, roles and share rows.
//!
//! Rules that share by criteria and territories do not exist. Generated share rows are for reading: they open nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::model::{FieldDef, ObjectDef, ObjectKind, OnDelete, Value};

use super::permission_rows::each;
use super::row::Row;
use super::table::{Found, StoredRow, Table};
use super::users::User;
use super::view::Snapshot;

/// How much of a row a user has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Access {
    None,
    Read,
    Edit,
    /// Also delete, transfer and share.
    All,
}

/// Queues, groups, roles and defaults of one snapshot.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sharing {
    /// Org-wide defaults by object in lower case; what is not listed is private.
    defaults: BTreeMap<String, Access>,
    /// By user: the user, the queues and groups that the user belongs to.
    principals: HashMap<String, BTreeSet<String>>,
    /// By user: whose roles lie below the user's.
    below: HashMap<String, BTreeSet<String>>,
}

/// Rows of these objects decide who belongs where.
const DECIDING: [&str; 4] = ["005", "00E", "00G", "011"];

/// Set-up that everyone may see, though it has an owner.
const OPEN: [&str; 3] = ["Group", "EmailTemplate", "Report"];

/// Whether one of these rows makes it necessary to work out groups and roles again.
pub(crate) fn decides(touched: &BTreeSet<String>) -> bool {
    touched.iter().any(|id| DECIDING.iter().any(|prefix| id.starts_with(prefix)))
}

impl Sharing {
    /// Groups and roles as the rows tell them, with the defaults as they are.
    pub(crate) fn of(snapshot: &Arc<Snapshot>, defaults: BTreeMap<String, Access>) -> Sharing {
        Sharing { defaults, principals: principals(snapshot), below: below(snapshot) }
    }

    pub(crate) fn defaults(&self) -> &BTreeMap<String, Access> {
        &self.defaults
    }

    /// How much of a row sharing gives this user. Objects without an owner follow their master, or are open.
    pub(crate) fn access(&self, snapshot: &Arc<Snapshot>, row: &Row, user: &User) -> Access {
        let Some(table) = snapshot.table(row.object_name()) else { return Access::None };
        let def = &table.def;
        if OPEN.contains(&def.name.as_str()) {
            return Access::All;
        }
        let Value::Id(owner) = row.value_of("OwnerId") else {
            return self.through_masters(snapshot, row, def, user);
        };
        if self.is_own(&owner, user) || self.below.get(&user.id).is_some_and(|below| below.contains(&owner)) {
            return Access::All;
        }
        let default = self.default_of(&def.name);
        if default == Access::All { default } else { default.max(self.shared(snapshot, def, row, user)) }
    }

    fn default_of(&self, object: &str) -> Access {
        self.defaults.get(&object.to_ascii_lowercase()).copied().unwrap_or(Access::None)
    }

    /// Whether the owner is the user, or a queue or group that the user belongs to.
    fn is_own(&self, owner: &str, user: &User) -> bool {
        owner == user.id || self.principals.get(&user.id).is_some_and(|own| own.contains(owner))
    }

    /// A detail is as open as the least open of its masters.
    fn through_masters(&self, snapshot: &Arc<Snapshot>, row: &Row, def: &ObjectDef, user: &User) -> Access {
        let masters = def.fields.iter().filter(|field| is_master(field));
        masters
            .filter_map(|field| row.referenced(field))
            .map(|master| self.access(snapshot, &master, user))
            .min()
            .unwrap_or(Access::All)
    }

    /// What the share rows of a row give this user.
    fn shared(&self, snapshot: &Arc<Snapshot>, def: &ObjectDef, row: &Row, user: &User) -> Access {
        let Some(table) = snapshot.table(&share_of(&def.name)) else { return Access::None };
        if table.def.kind != ObjectKind::Share {
            return Access::None;
        }
        let (parent, level) = share_columns(&table.def, &def.name);
        let Some(parent) = table.def.field(&parent) else { return Access::None };
        let slots = (table.def.field("UserOrGroupId"), table.def.field(&level));
        let (Some(grantee), Some(level)) = slots else { return Access::None };
        rows_naming(table, parent.slot, row.id())
            .iter()
            .filter(|share| share.bin.is_none() && share.get(parent.slot).as_str() == Some(row.id()))
            .filter(|share| share.get(grantee.slot).as_str().is_some_and(|id| self.is_own(id, user)))
            .map(|share| match share.get(level.slot).as_str() {
                Some("Read") => Access::Read,
                Some("Edit") => Access::Edit,
                Some("All") => Access::All,
                _ => Access::None,
            })
            .max()
            .unwrap_or(Access::None)
    }

    /// Whether something names the user, or a queue or group of the user.
    pub(crate) fn names(&self, id: &str, user: &User) -> bool {
        self.is_own(id, user)
    }
}

/// A reference that the row cannot be without and goes with.
fn is_master(field: &FieldDef) -> bool {
    let goes_with = field.targets.iter().any(|(_, _, on_delete)| *on_delete == OnDelete::Cascade);
    field.cascade_delete || (goes_with && !field.nillable)
}

/// Written rows that may hold this id, each to be looked at.
pub(super) fn rows_naming(table: &Table, slot: usize, id: &str) -> Vec<Arc<StoredRow>> {
    let stored = |counter| match table.find(counter) {
        Some(Found::Stored(row)) => Some(row),
        _ => None,
    };
    match table.written_with(slot, &Value::Id(id.to_owned())) {
        Some(counters) => counters.into_iter().filter_map(stored).collect(),
        None => table.written_rows().filter_map(|(counter, _)| stored(counter)).collect(),
    }
}

/// `AccountShare`, `Project__Share`.
pub(crate) fn share_of(object: &str) -> String {
    object.strip_suffix("__c").map_or_else(|| format!("{object}Share"), |stem| format!("{stem}__Share"))
}

/// The columns of a share object that name the row and the level: older ones carry the object's name.
pub(crate) fn share_columns(share: &ObjectDef, object: &str) -> (String, String) {
    let column = |newer: &str, older: String| {
        if share.field(newer).is_some() { newer.to_owned() } else { older }
    };
    (column("ParentId", format!("{object}Id")), column("AccessLevel", format!("{object}AccessLevel")))
}

/// Every user with the groups that hold the user, directly or through other groups and roles.
fn principals(snapshot: &Arc<Snapshot>) -> HashMap<String, BTreeSet<String>> {
    let mut direct: HashMap<String, Vec<String>> = HashMap::new();
    each(snapshot, "GroupMember", |row| {
        if let (Value::Id(group), Value::Id(member)) =
            (row.value_of("GroupId"), row.value_of("UserOrGroupId"))
        {
            direct.entry(member).or_default().push(group);
        }
    });
    let mut of_role: HashMap<String, Vec<String>> = HashMap::new();
    let mut everyone = Vec::new();
    each(snapshot, "Group", |row| match row.value_of("Type").as_str() {
        Some("Organization") => everyone.push(row.id().to_owned()),
        Some("Role" | "RoleAndSubordinates") => {
            of_role.entry(row.value_of("RelatedId").to_plain_text()).or_default().push(row.id().to_owned());
        }
        _ => {}
    });
    let mut found = HashMap::new();
    each(snapshot, "User", |row| {
        let mut own = BTreeSet::from([row.id().to_owned()]);
        own.extend(everyone.iter().cloned());
        own.extend(of_role.get(&row.value_of("UserRoleId").to_plain_text()).into_iter().flatten().cloned());
        let mut level: Vec<String> = own.iter().cloned().collect();
        while let Some(member) = level.pop() {
            for group in direct.get(&member).into_iter().flatten() {
                if own.insert(group.clone()) {
                    level.push(group.clone());
                }
            }
        }
        found.insert(row.id().to_owned(), own);
    });
    found
}

/// Every user with the users whose roles lie below, at any depth.
fn below(snapshot: &Arc<Snapshot>) -> HashMap<String, BTreeSet<String>> {
    let mut parents: HashMap<String, String> = HashMap::new();
    each(snapshot, "UserRole", |row| {
        if let Value::Id(parent) = row.value_of("ParentRoleId") {
            parents.insert(row.id().to_owned(), parent);
        }
    });
    let mut roles: Vec<(String, String)> = Vec::new();
    each(snapshot, "User", |row| {
        if let Value::Id(role) = row.value_of("UserRoleId") {
            roles.push((row.id().to_owned(), role));
        }
    });
    let mut found: HashMap<String, BTreeSet<String>> = HashMap::new();
    for (user, role) in &roles {
        let mut seen = BTreeSet::new();
        let mut above = parents.get(role);
        while let Some(role) = above.filter(|role| seen.insert((*role).clone())) {
            for (chief, _) in roles.iter().filter(|(_, held)| held == role) {
                found.entry(chief.clone()).or_default().insert(user.clone());
            }
            above = parents.get(role);
        }
    }
    found
}
