//! The formulas of one object, read when they are first needed and kept with its table until a schema changes.

use std::sync::{Arc, OnceLock};

use crate::formula::{Formula, FormulaError, Purpose};
use crate::model::{FieldDef, ObjectDef, ValidationRule};

use super::view::Snapshot;

type Read = Result<Formula, FormulaError>;

/// Formulas of fields (or of their default values) by slot, and those of the active validation rules.
#[derive(Debug, Default)]
pub struct Formulas {
    by_slot: OnceLock<Vec<OnceLock<Read>>>,
    rules: OnceLock<Vec<(ValidationRule, Read)>>,
}

impl Formulas {
    /// The formula of a formula field.
    pub(crate) fn of_field(&self, object: &ObjectDef, field: &FieldDef, text: &str, snapshot: &Snapshot) -> Option<&Read> {
        self.read(object, field, text, snapshot, Purpose::Field(field))
    }

    /// The formula of a default value.
    pub(crate) fn of_default(&self, object: &ObjectDef, field: &FieldDef, text: &str, snapshot: &Snapshot) -> Option<&Read> {
        self.read(object, field, text, snapshot, Purpose::Default(field))
    }

    fn read(
        &self,
        object: &ObjectDef,
        field: &FieldDef,
        text: &str,
        snapshot: &Snapshot,
        purpose: Purpose<'_>,
    ) -> Option<&Read> {
        let cells = self.by_slot.get_or_init(|| (0..object.next_slot()).map(|_| OnceLock::new()).collect());
        Some(cells.get(field.slot)?.get_or_init(|| Formula::new(text, object, snapshot, purpose)))
    }

    /// The active validation rules. One that cannot be read is not enforced.
    pub(crate) fn of_rules(&self, object: &ObjectDef, snapshot: &Snapshot) -> &[(ValidationRule, Read)] {
        self.rules.get_or_init(|| {
            let active = object.validation_rules.iter().filter(|rule| rule.active);
            active
                .map(|rule| (rule.clone(), Formula::new(&rule.formula, object, snapshot, Purpose::Rule)))
                .collect()
        })
    }

    /// Forgets all, because what they refer to may have changed.
    pub(crate) fn forget(formulas: &mut Arc<Formulas>) {
        *formulas = Arc::default();
    }
}
