//! Users of the org and what each may see and do.
//!
//! What a user may do follows from the rows of the profile and the permission sets (`permission_rows.rs`), and over them
//! lies what was switched for this user by hand.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::model::permissions;

/// What one user may see and do. Names of objects and fields are kept in lower case.
#[expect(clippy::struct_excessive_bools, reason = "each is a permission of its own")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Permissions {
    pub api_enabled: bool,
    /// Off: only the rows that sharing opens.
    pub view_all_data: bool,
    /// Off: only the user's own files and those shared with the user.
    pub query_all_files: bool,
    pub modify_all_data: bool,
    pub hidden_objects: BTreeSet<String>,
    pub hidden_fields: BTreeSet<(String, String)>,
    /// Fields that are seen but not written.
    pub readonly_fields: BTreeSet<(String, String)>,
    /// What may be done with the rows of an object; an object that is not listed is open.
    pub object_rights: BTreeMap<String, ObjectRights>,
    /// The other system permissions that the user holds, by API name.
    #[serde(with = "crate::model::forms::permission_names")]
    pub system: BTreeSet<&'static str>,
}

/// What a user may do with the rows of one object that the user sees.
#[expect(clippy::struct_excessive_bools, reason = "each is a permission of its own")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectRights {
    pub create: bool,
    pub edit: bool,
    pub delete: bool,
    pub view_all: bool,
    pub modify_all: bool,
}

impl ObjectRights {
    /// What an object that is not listed allows: every row that sharing opens.
    pub const OPEN: ObjectRights =
        ObjectRights { create: true, edit: true, delete: true, view_all: false, modify_all: false };
}

impl Permissions {
    /// What an integration user for a full backup holds.
    pub fn integration() -> Permissions {
        let mut all = Permissions::of(&["QueryAllFiles", "ViewEncryptedData", "BulkApiHardDelete"]);
        for (name, _, holder) in permissions::SYSTEM_PERMISSIONS {
            if holder != permissions::Holder::NoOne {
                all.set(name, true);
            }
        }
        all
    }

    /// What an ordinary user holds.
    pub fn standard() -> Permissions {
        let mut own = Permissions::of(&[]);
        for (name, _, holder) in permissions::SYSTEM_PERMISSIONS {
            if holder == permissions::Holder::Everyone {
                own.set(name, true);
            }
        }
        own
    }

    /// These system permissions and no others; all objects and fields.
    pub(crate) fn of(names: &[&str]) -> Permissions {
        let mut own = Permissions {
            api_enabled: false,
            view_all_data: false,
            query_all_files: false,
            modify_all_data: false,
            hidden_objects: BTreeSet::new(),
            hidden_fields: BTreeSet::new(),
            readonly_fields: BTreeSet::new(),
            object_rights: BTreeMap::new(),
            system: BTreeSet::new(),
        };
        for name in names {
            own.set(name, true);
        }
        own
    }

    pub fn sees_object(&self, object: &str) -> bool {
        self.hidden_objects.is_empty() || !self.hidden_objects.contains(&object.to_ascii_lowercase())
    }

    pub fn sees_field(&self, object: &str, field: &str) -> bool {
        self.hidden_fields.is_empty()
            || !self.hidden_fields.contains(&(object.to_ascii_lowercase(), field.to_ascii_lowercase()))
    }

    pub fn writes_field(&self, object: &str, field: &str) -> bool {
        self.readonly_fields.is_empty()
            || !self.readonly_fields.contains(&(object.to_ascii_lowercase(), field.to_ascii_lowercase()))
    }

    /// What the user may do with the rows of an object.
    pub fn rights(&self, object: &str) -> ObjectRights {
        if self.object_rights.is_empty() {
            return ObjectRights::OPEN;
        }
        self.object_rights.get(&object.to_ascii_lowercase()).copied().unwrap_or(ObjectRights::OPEN)
    }

    /// Whether the user holds a system permission, by its API name such as `ViewAllData`.
    pub fn holds(&self, name: &str) -> bool {
        match name {
            "ApiEnabled" => self.api_enabled,
            "ViewAllData" => self.view_all_data,
            "QueryAllFiles" => self.query_all_files,
            "ModifyAllData" => self.modify_all_data,
            _ => self.system.contains(name),
        }
    }

    /// Gives or takes a system permission; answers false if there is none of this name.
    pub fn set(&mut self, name: &str, held: bool) -> bool {
        match permissions::known(name) {
            Some("ApiEnabled") => self.api_enabled = held,
            Some("ViewAllData") => self.view_all_data = held,
            Some("QueryAllFiles") => self.query_all_files = held,
            Some("ModifyAllData") => self.modify_all_data = held,
            Some(known) if held => drop(self.system.insert(known)),
            Some(known) => drop(self.system.remove(known)),
            None => return false,
        }
        true
    }
}

/// What was switched for one user by hand, over what profile and permission sets say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Switches {
    #[serde(with = "crate::model::forms::permission_switches")]
    system: BTreeMap<&'static str, bool>,
    hidden_objects: BTreeMap<String, bool>,
    #[serde(with = "crate::model::forms::pairs")]
    hidden_fields: BTreeMap<(String, String), bool>,
    #[serde(with = "crate::model::forms::pairs")]
    readonly_fields: BTreeMap<(String, String), bool>,
    /// The rights on objects that were set; none where those that were set were taken away.
    object_rights: BTreeMap<String, Option<ObjectRights>>,
}

impl Switches {
    /// Takes note of what a change by hand made different.
    pub(crate) fn note(&mut self, before: &Permissions, after: &Permissions) {
        for (name, ..) in permissions::SYSTEM_PERMISSIONS {
            if before.holds(name) != after.holds(name) {
                self.system.insert(name, after.holds(name));
            }
        }
        note_members(&mut self.hidden_objects, &before.hidden_objects, &after.hidden_objects);
        note_members(&mut self.hidden_fields, &before.hidden_fields, &after.hidden_fields);
        note_members(&mut self.readonly_fields, &before.readonly_fields, &after.readonly_fields);
        for object in before.object_rights.keys().chain(after.object_rights.keys()) {
            let rights = after.object_rights.get(object);
            if before.object_rights.get(object) != rights {
                self.object_rights.insert(object.clone(), rights.copied());
            }
        }
    }

    /// Lays the switches over what the rows say.
    pub(crate) fn apply(&self, permissions: &mut Permissions) {
        for (name, held) in &self.system {
            permissions.set(name, *held);
        }
        lay_members(&self.hidden_objects, &mut permissions.hidden_objects);
        lay_members(&self.hidden_fields, &mut permissions.hidden_fields);
        lay_members(&self.readonly_fields, &mut permissions.readonly_fields);
        for (object, rights) in &self.object_rights {
            match rights {
                Some(rights) => drop(permissions.object_rights.insert(object.clone(), *rights)),
                None => drop(permissions.object_rights.remove(object)),
            }
        }
    }
}

/// Notes what came into a set and what left it.
fn note_members<T: Ord + Clone>(noted: &mut BTreeMap<T, bool>, before: &BTreeSet<T>, after: &BTreeSet<T>) {
    noted.extend(before.symmetric_difference(after).map(|member| (member.clone(), after.contains(member))));
}

fn lay_members<T: Ord + Clone>(noted: &BTreeMap<T, bool>, over: &mut BTreeSet<T>) {
    for (member, is_in) in noted {
        if *is_in {
            over.insert(member.clone());
        } else {
            over.remove(member);
        }
    }
}

/// One user who may sign in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    pub id: String,
    pub username: String,
    pub first_name: String,
    pub last_name: String,
    pub email: String,
    pub active: bool,
    pub permissions: Permissions,
    pub switches: Switches,
    /// Moves with every change of permissions, so that what was derived from older ones is not used again.
    pub generation: u64,
    /// When the permissions last changed.
    pub changed_ms: i64,
}

impl User {
    pub fn name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name).trim().to_owned()
    }
}
