//! What a reference may point to beyond its type: rows that the user can reach, owners that can own, filtered lookups.

use crate::errors::ApiError;
use crate::model::{FieldDef, Value};
use crate::state::permission_rows::each;
use crate::state::row::Row;
use crate::state::sharing::Access;
use crate::state::view::View;

use super::Transaction;
use super::draft::Draft;

impl Transaction<'_> {
    pub(super) fn check_references(&self, view: &View, draft: &Draft<'_>) -> Result<(), ApiError> {
        for (slot, value) in draft.values.iter() {
            let Value::Id(id) = value else { continue };
            let Some(field) = draft.def.fields.iter().find(|field| field.slot == *slot) else { continue };
            let Some(target) = self.found(id) else { continue };
            match field.name.as_str() {
                "OwnerId" => self.check_owner(draft, &target)?,
                "RecordTypeId" => check_record_type(draft, field, &target)?,
                _ => self.check_reach(view, field, &target)?,
            }
            self.check_filter(draft, field, &target)?;
        }
        Ok(())
    }

    /// Users who left own records only with a permission, files never; groups own only as queues for the object.
    fn check_owner(&self, draft: &Draft<'_>, owner: &Row) -> Result<(), ApiError> {
        if !draft.is_new() && !draft.changes("OwnerId") {
            return Ok(());
        }
        let object = draft.def.name.as_str();
        if owner.object_name() == "User" && owner.value_of("IsActive") == Value::Bool(false) {
            let allowed = self.user.permissions.holds("UpdateWithInactiveOwner");
            if !allowed || matches!(object, "ContentVersion" | "ContentDocument") {
                let message = format!(
                    "operation performed with inactive user [{}] as owner of {}",
                    &owner.id()[..15],
                    draft.def.label.to_lowercase()
                );
                return Err(ApiError::record("INACTIVE_OWNER_OR_USER", message, ["OwnerId"]));
            }
        }
        if owner.object_name() == "Group" && !self.serves(owner, object) {
            let message = "Queue not associated with this SObject type";
            return Err(ApiError::record("INVALID_OPERATION", message, ["OwnerId"]));
        }
        Ok(())
    }

    /// Whether a group is a queue for this object.
    fn serves(&self, group: &Row, object: &str) -> bool {
        let mut serves = false;
        each(&self.work, "QueueSobject", |row| {
            serves |= row.value_of("QueueId").as_str() == Some(group.id())
                && row.value_of("SobjectType").to_plain_text().eq_ignore_ascii_case(object);
        });
        serves && group.value_of("Type").to_plain_text() == "Queue"
    }

    /// A lookup needs a row that the user sees; a master one that the user may edit, unless reading is enough.
    fn check_reach(&self, view: &View, field: &FieldDef, target: &Row) -> Result<(), ApiError> {
        if self.user.permissions.modify_all_data {
            return Ok(());
        }
        let needed = match (field.cascade_delete, field.write_requires_master_read) {
            (true, false) => Access::Edit,
            _ => Access::Read,
        };
        if view.access(target) >= needed {
            return Ok(());
        }
        let message = "insufficient access rights on cross-reference id";
        let code = "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY";
        Err(ApiError::record(code, message, Vec::<String>::new()))
    }

    fn check_filter(&self, draft: &Draft<'_>, field: &FieldDef, target: &Row) -> Result<(), ApiError> {
        let Some(filter) = self.org.rules().filter(&draft.def.name, &field.name) else { return Ok(()) };
        let held = target.value_of(&filter.target_field).to_plain_text();
        if filter.values.contains(&held) {
            return Ok(());
        }
        let message = filter.message.as_deref();
        let message = message.unwrap_or("Value does not exist or does not match filter criteria.");
        Err(ApiError::record("FIELD_FILTER_VALIDATION_EXCEPTION", message, [field.name.clone()]))
    }
}

fn check_record_type(draft: &Draft<'_>, field: &FieldDef, target: &Row) -> Result<(), ApiError> {
    let fits = target.value_of("SobjectType").to_plain_text() == draft.def.name
        && target.value_of("IsActive") == Value::Bool(true);
    if fits || target.object_name() != "RecordType" || !draft.changes("RecordTypeId") {
        return Ok(());
    }
    let message = format!("Record Type ID: this ID value isn't valid for the user: {}", target.id());
    Err(ApiError::record("INVALID_CROSS_REFERENCE_KEY", message, [field.name.clone()]))
}
