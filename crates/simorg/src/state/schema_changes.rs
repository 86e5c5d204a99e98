//! Changes of the schema while the org runs: fields and objects come, go and change their type. No row is touched.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::errors::ApiError;
use crate::formula::{Formula, FormulaError, Purpose};
use crate::model::{FieldDef, FieldSource, FieldType, ObjectDef, ValidationRule};
use crate::schema;

use super::org::Org;
use super::permission_rows;
use super::roll_up;
use super::table::Table;
use super::view::Snapshot;

/// A validation rule, and why it is not enforced although it may be active.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleState {
    pub rule: ValidationRule,
    pub problem: Option<FormulaError>,
}

impl Org {
    /// Adds an object.
    pub fn add_object(&self, def: ObjectDef) -> Result<(), ApiError> {
        self.add_objects(vec![def])
    }

    /// Adds several objects at once.
    pub fn add_objects(&self, defs: Vec<ObjectDef>) -> Result<(), ApiError> {
        self.change_schema(|snapshot, at_ms| {
            let mut others: Vec<Arc<ObjectDef>> = snapshot.tables().map(|table| table.def.clone()).collect();
            let names: BTreeSet<String> = defs.iter().map(|def| def.name.clone()).collect();
            for mut def in defs {
                if snapshot.table(&def.name).is_some() {
                    let message = "There is already an object of this name";
                    return Err(ApiError::record("DUPLICATE_DEVELOPER_NAME", message, [def.name.clone()]));
                }
                schema::settle(&mut def, &others);
                let def = Arc::new(def);
                others.push(def.clone());
                snapshot.insert_table(Table::new(def, at_ms));
            }
            permission_rows::grant_all(snapshot, |def| names.contains(&def.name), at_ms);
            Ok(())
        })
    }

    /// Removes an object with all its rows.
    pub fn remove_object(&self, object: &str) -> Result<(), ApiError> {
        self.change_schema(|snapshot, _| {
            snapshot.table(object).ok_or_else(ApiError::not_found)?;
            snapshot.remove_table(object);
            permission_rows::revoke(snapshot, object, None);
            Ok(())
        })
    }

    /// Adds a field; rows show null there (false for a checkbox) and keep their stamps.
    pub fn add_field(&self, object: &str, field: FieldDef) -> Result<(), ApiError> {
        self.add_fields(object, vec![field])
    }

    /// Adds several fields at once.
    pub fn add_fields(&self, object: &str, fields: Vec<FieldDef>) -> Result<(), ApiError> {
        let names: Vec<String> = fields.iter().map(|field| field.name.clone()).collect();
        let sums_up: Vec<String> = fields
            .iter()
            .filter(|field| matches!(field.source, FieldSource::RollUp(_)))
            .map(|field| field.name.clone())
            .collect();
        self.change_schema::<(), ApiError>(|snapshot, at_ms| {
            change_table(snapshot, object, at_ms, |def, mut slots| {
                for mut field in fields {
                    if def.field(&field.name).is_some() {
                        return Err(ApiError::record(
                            "DUPLICATE_DEVELOPER_NAME",
                            "There is already a field of this name",
                            [field.name.clone()],
                        ));
                    }
                    field.slot = slots;
                    slots += 1;
                    schema::settle_field(&def.name, &mut field);
                    def.fields.push(field);
                }
                Ok(())
            })?;
            for name in &names {
                permission_rows::grant_field(snapshot, object, name, at_ms);
            }
            snapshot.forget_formulas();
            for name in &sums_up {
                roll_up::fill(snapshot, object, name);
            }
            Ok(())
        })
    }

    /// Removes a field; its values are gone for readers.
    pub fn remove_field(&self, object: &str, field: &str) -> Result<(), ApiError> {
        self.change_schema(|snapshot, at_ms| {
            change_table(snapshot, object, at_ms, |def, _| {
                let at = def.field_index(field).ok_or_else(ApiError::not_found)?;
                def.fields.remove(at);
                Ok(())
            })?;
            permission_rows::revoke(snapshot, object, Some(field));
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

    /// Whether an object can be queried, which a release of Salesforce may change.
    pub fn set_queryable(&self, object: &str, is_queryable: bool) -> Result<(), ApiError> {
        self.change_object(object, |def, _| {
            def.flags.queryable = is_queryable;
            Ok(())
        })
    }

    /// The validation rules of an object, each with what keeps it from being enforced.
    pub fn validation_rules(&self, object: &str) -> Result<Vec<RuleState>, ApiError> {
        let snapshot = self.snapshot();
        let def = &snapshot.table(object).ok_or_else(ApiError::not_found)?.def;
        let state = |rule: &ValidationRule| RuleState {
            rule: rule.clone(),
            problem: Formula::new(&rule.formula, def, &snapshot, Purpose::Rule).err(),
        };
        Ok(def.validation_rules.iter().map(state).collect())
    }

    /// Replaces the validation rules of an object. One whose formula is wrong is refused; one with a function that is not
    /// simulated is taken and not enforced.
    pub fn set_validation_rules(&self, object: &str, rules: Vec<ValidationRule>) -> Result<(), ApiError> {
        let snapshot = self.snapshot();
        let def = &snapshot.table(object).ok_or_else(ApiError::not_found)?.def;
        for rule in &rules {
            if let Err(FormulaError::Invalid(message)) =
                Formula::new(&rule.formula, def, &snapshot, Purpose::Rule)
            {
                let fields = [rule.name.clone()];
                return Err(ApiError::record("FIELD_INTEGRITY_EXCEPTION", message, fields));
            }
            if let Some(field) = rule.error_field.as_ref().filter(|field| def.field(field).is_none()) {
                let message = format!("Field {field} does not exist. Check spelling.");
                return Err(ApiError::record("FIELD_INTEGRITY_EXCEPTION", message, [rule.name.clone()]));
            }
        }
        self.change_object(object, |def, _| {
            def.validation_rules = rules;
            Ok(())
        })
    }

    /// Checks a formula for a field or rule of an object, as a deployment does.
    pub fn check_formula(&self, object: &str, text: &str, purpose: Purpose<'_>) -> Result<(), FormulaError> {
        let snapshot = self.snapshot();
        let unknown = || FormulaError::Invalid(format!("Entity {object} does not exist"));
        let def = &snapshot.table(object).ok_or_else(unknown)?.def;
        Formula::new(text, def, &snapshot, purpose).map(|_| ())
    }

    /// Changes the attributes of one object through its definition. `slots` is the first slot that was never used.
    fn change_object(
        &self,
        object: &str,
        change: impl FnOnce(&mut ObjectDef, usize) -> Result<(), ApiError>,
    ) -> Result<(), ApiError> {
        self.change_schema(|snapshot, at_ms| change_table(snapshot, object, at_ms, change))
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
        snapshot.forget_formulas();
        self.publish(Arc::new(snapshot));
        drop(ledger);
        Ok(outcome)
    }
}

fn change_table(
    snapshot: &mut Snapshot,
    object: &str,
    at_ms: i64,
    change: impl FnOnce(&mut ObjectDef, usize) -> Result<(), ApiError>,
) -> Result<(), ApiError> {
    let table = snapshot.table_mut(object).ok_or_else(ApiError::not_found)?;
    let mut def = (*table.def).clone();
    let slots = table.used_slots();
    change(&mut def, slots)?;
    def.reindex();
    table.def = Arc::new(def);
    table.changed_ms = at_ms;
    table.use_slots();
    Ok(())
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
