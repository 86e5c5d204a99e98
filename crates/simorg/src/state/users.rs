//! Users of the org and what each may see.

use std::collections::BTreeSet;

/// What one user may see. Names are kept in lower case.
#[expect(clippy::struct_excessive_bools, reason = "each is a permission of its own")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permissions {
    pub api_enabled: bool,
    /// Off: only the user's own rows, where rows have an owner.
    pub view_all_data: bool,
    /// Off: only the user's own files.
    pub query_all_files: bool,
    pub modify_all_data: bool,
    pub hidden_objects: BTreeSet<String>,
    pub hidden_fields: BTreeSet<(String, String)>,
}

impl Permissions {
    /// What an integration user for a full backup holds.
    pub fn integration() -> Permissions {
        Permissions {
            api_enabled: true,
            view_all_data: true,
            query_all_files: true,
            modify_all_data: true,
            hidden_objects: BTreeSet::new(),
            hidden_fields: BTreeSet::new(),
        }
    }

    /// What an ordinary user holds.
    pub fn standard() -> Permissions {
        Permissions {
            view_all_data: false,
            query_all_files: false,
            modify_all_data: false,
            ..Permissions::integration()
        }
    }

    pub fn sees_object(&self, object: &str) -> bool {
        self.hidden_objects.is_empty() || !self.hidden_objects.contains(&object.to_ascii_lowercase())
    }

    pub fn sees_field(&self, object: &str, field: &str) -> bool {
        self.hidden_fields.is_empty()
            || !self.hidden_fields.contains(&(object.to_ascii_lowercase(), field.to_ascii_lowercase()))
    }
}

/// One user who may sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub id: String,
    pub username: String,
    pub first_name: String,
    pub last_name: String,
    pub email: String,
    pub active: bool,
    pub permissions: Permissions,
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
