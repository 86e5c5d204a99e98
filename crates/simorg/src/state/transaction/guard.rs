//! What is asked before a write: is the org open for writing, may the user do this to such rows and to this one, is it free.

use crate::errors::ApiError;
use crate::model::{ObjectDef, ObjectKind, Value};
use crate::state::row::Row;
use crate::state::sharing::Access;
use crate::state::view::View;

use super::Transaction;

/// What a request says about how its rows are to be saved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WriteOptions {
    /// Assignment rules: `Some(false)` keeps them from running.
    pub auto_assign: Option<bool>,
    /// Save although a duplicate rule warns.
    pub allow_duplicates: bool,
    /// Refuse what mixes set-up objects with others, as every API does.
    pub one_kind: bool,
}

/// Set-up objects that cannot be written together with others ("sObjects That Cannot Be Used Together in DML Operations",
/// Apex Developer Guide).
const SETUP: [&str; 15] = [
    "FieldPermissions",
    "Group",
    "GroupMember",
    "ObjectPermissions",
    "PermissionSet",
    "PermissionSetAssignment",
    "PermissionSetGroup",
    "PermissionSetGroupComponent",
    "Profile",
    "QueueSobject",
    "RecordType",
    "SetupEntityAccess",
    "User",
    "UserRole",
    "Organization",
];

impl Transaction<'_> {
    pub fn set_options(&mut self, options: WriteOptions) {
        self.options = options;
    }

    pub(super) fn may_insert(&mut self, def: &ObjectDef) -> Result<(), ApiError> {
        self.is_open_for(def)?;
        if def.flags.createable && !matches!(def.kind, ObjectKind::Big | ObjectKind::CustomMetadata) {
            return Ok(());
        }
        Err(not_for_users("inserted", def))
    }

    pub(super) fn may_update(&mut self, view: &View, def: &ObjectDef, row: &Row) -> Result<(), ApiError> {
        self.is_open_for(def)?;
        if !def.flags.updateable {
            return Err(not_for_users("updated", def));
        }
        self.check_lock(row.id())?;
        self.not_converted(row)?;
        if view.access(row) < Access::Edit {
            return Err(insufficient());
        }
        Ok(())
    }

    pub(super) fn may_delete(&mut self, view: &View, def: &ObjectDef, row: &Row) -> Result<(), ApiError> {
        self.is_open_for(def)?;
        if !def.flags.deletable || view.access(row) < Access::All {
            return Err(insufficient());
        }
        self.check_lock(row.id())
    }

    pub(super) fn may_undelete(&mut self, view: &View, row: &Row) -> Result<(), ApiError> {
        let full = self.work.table(row.object_name()).map(|table| table.def.clone());
        if let Some(def) = full {
            self.is_open_for(&def)?;
        }
        if view.access(row) < Access::All {
            return Err(insufficient());
        }
        Ok(())
    }

    /// The org takes writes, the user may set things up if this is set-up, and nothing of the other kind was written.
    fn is_open_for(&mut self, def: &ObjectDef) -> Result<(), ApiError> {
        if self.org.rules().is_in_maintenance() {
            let message = "Inserts, updates and deletes are not allowed while the org is being maintained";
            return Err(ApiError::record(
                "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE",
                message,
                Vec::<String>::new(),
            ));
        }
        let is_setup = SETUP.contains(&def.name.as_str());
        let own = &self.user.permissions;
        // Everybody may change something of the own user, see `platform_rules.rs`.
        if is_setup && def.name != "User" && !(own.modify_all_data || own.holds("ManageUsers")) {
            return Err(insufficient());
        }
        self.is_of_one_kind(def, is_setup)
    }

    fn is_of_one_kind(&mut self, def: &ObjectDef, is_setup: bool) -> Result<(), ApiError> {
        match &self.first_kind {
            Some((first_is_setup, first)) if self.options.one_kind && *first_is_setup != is_setup => {
                let message = format!(
                    "DML operation on setup object is not permitted after you have updated a non-setup object (or vice versa): {}, original object: {first}",
                    def.name
                );
                Err(ApiError::record("MIXED_DML_OPERATION", message, Vec::<String>::new()))
            }
            Some(_) => Ok(()),
            None => {
                self.first_kind = Some((is_setup, def.name.clone()));
                Ok(())
            }
        }
    }

    /// A row touched by another transaction that is still open cannot be written.
    pub(super) fn check_lock(&self, id: &str) -> Result<(), ApiError> {
        let locked = self
            .ledger
            .open
            .iter()
            .any(|(number, open)| Some(*number) != self.own_locks && open.locks.contains(id));
        if locked {
            return Err(ApiError::record(
                "UNABLE_TO_LOCK_ROW",
                format!("unable to obtain exclusive access to this record or 1 records: {}", &id[..15]),
                Vec::<String>::new(),
            ));
        }
        Ok(())
    }

    /// A saved row takes its masters and its account along into the lock.
    pub(super) fn check_parent_locks(
        &self,
        def: &ObjectDef,
        values: &[(usize, Value)],
    ) -> Result<(), ApiError> {
        if self.ledger.open.is_empty() {
            return Ok(());
        }
        let locking = def.fields.iter().filter(|field| field.cascade_delete || field.name == "AccountId");
        for field in locking {
            if let Some((_, Value::Id(id))) = values.iter().find(|(slot, _)| *slot == field.slot) {
                self.check_lock(id)?;
            }
        }
        Ok(())
    }
}

/// What is said of an object that the user may not write in this way, or that no one may.
fn not_for_users(done: &str, def: &ObjectDef) -> ApiError {
    ApiError::bad_request(
        "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
        format!("entity type cannot be {done}: {}", def.label),
    )
}

pub(super) fn insufficient() -> ApiError {
    let message = "insufficient access rights on object id";
    ApiError::record("INSUFFICIENT_ACCESS_OR_READONLY", message, Vec::<String>::new())
}
