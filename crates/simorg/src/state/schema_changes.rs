//! Changes of the schema while the org runs: fields and objects come, go and change their type. No row is touched.

use std::sync::Arc;

use crate::errors::ApiError;
use crate::model::{FieldDef, FieldType, ObjectDef};
use crate::schema;

use super::org::Org;
use super::table::Table;
use super::view::Snapshot;

impl Org {
    /// Adds an object.
    pub fn add_object(&self, mut def: ObjectDef) -> Result<(), ApiError> {
        self.change_schema(|snapshot, at_ms| {
            if snapshot.table(&def.name).is_some() {
                let message = "There is already an object of this name";
                return Err(ApiError::record("DUPLICATE_DEVELOPER_NAME", message, [def.name.clone()]));
            }
            let others: Vec<Arc<ObjectDef>> = snapshot.tables().map(|table| table.def.clone()).collect();
            schema::settle(&mut def, &others);
            snapshot.insert_table(Table::new(Arc::new(def), at_ms));
            Ok(())
        })
    }

    /// Removes an object with all its rows.
    pub fn remove_object(&self, object: &str) -> Result<(), ApiError> {
        self.change_schema(|snapshot, _| {
            snapshot.table(object).ok_or_else(ApiError::not_found)?;
            snapshot.remove_table(object);
            Ok(())
        })
    }

    /// Adds a field; rows show null there (false for a checkbox) and keep their stamps.
    pub fn add_field(&self, object: &str, mut field: FieldDef) -> Result<(), ApiError> {
        self.change_object(object, |def, slots| {
            if def.field(&field.name).is_some() {
                return Err(ApiError::record(
                    "DUPLICATE_DEVELOPER_NAME",
                    "There is already a field of this name",
                    [field.name.clone()],
                ));
            }
            field.slot = slots;
            schema::settle_field(&def.name, &mut field);
            def.fields.push(field);
            Ok(())
        })
    }

    /// Removes a field; its values are gone for readers.
    pub fn remove_field(&self, object: &str, field: &str) -> Result<(), ApiError> {
        self.change_object(object, |def, _| {
            let at = def.field_index(field).ok_or_else(ApiError::not_found)?;
            def.fields.remove(at);
            Ok(())
        })
    }

    /// Gives a field another type; what the rows hold is shown in the new one.
    pub fn retype_field(&self, object: &str, field: &str, kind: FieldType) -> Result<(), ApiError> {
        self.change_object(object, |def, _| {
            let at = def.field_index(field).ok_or_else(ApiError::not_found)?;
            let old = &def.fields[at];
            let mut new = FieldDef::plain(&old.name, kind);
            new.label.clone_from(&old.label);
            new.slot = old.slot;
            if kind.is_text() && new.length == 0 {
                new.set_length(255);
            }
            if kind.is_decimal() {
                (new.precision, new.scale) = (18, 2);
            }
            def.fields[at] = new;
            Ok(())
        })
    }

    /// Changes the attributes of one object through its definition. `slots` is the first slot that was never used.
    fn change_object(
        &self,
        object: &str,
        change: impl FnOnce(&mut ObjectDef, usize) -> Result<(), ApiError>,
    ) -> Result<(), ApiError> {
        self.change_schema(|snapshot, at_ms| {
            let table = snapshot.table_mut(object).ok_or_else(ApiError::not_found)?;
            let mut def = (*table.def).clone();
            let slots = table.used_slots();
            change(&mut def, slots)?;
            def.reindex();
            table.def = Arc::new(def);
            table.changed_ms = at_ms;
            table.use_slots();
            Ok(())
        })
    }

    /// Changes a copy of the org's state at the time given to `change`, and publishes it unless the change fails.
    pub(crate) fn change_schema<R, E>(
        &self,
        change: impl FnOnce(&mut Snapshot, i64) -> Result<R, E>,
    ) -> Result<R, E> {
        let ledger = self.ledger();
        let mut snapshot = (*self.committed()).clone();
        let at_ms = self.next_change_ms();
        let outcome = change(&mut snapshot, at_ms)?;
        snapshot.schema_changed_ms = at_ms;
        derive_children(&mut snapshot);
        self.publish(Arc::new(snapshot));
        drop(ledger);
        Ok(outcome)
    }
}

/// Brings the children's lists of all objects in line with the reference fields.
pub(crate) fn derive_children(snapshot: &mut Snapshot) {
    let defs: Vec<Arc<ObjectDef>> = snapshot.tables().map(|table| table.def.clone()).collect();
    let children = schema::children_of(&defs);
    for def in defs {
        let own = children.get(&def.name).cloned().unwrap_or_default();
        if own != def.children {
            let table = snapshot.table_mut(&def.name).expect("just listed");
            let mut changed = (*table.def).clone();
            changed.children = own;
            table.def = Arc::new(changed);
        }
    }
}
