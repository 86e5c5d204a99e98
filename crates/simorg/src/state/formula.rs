//! The formulas of one object, read when they are first needed and kept with its table until a schema changes.

use std::sync::{Arc, OnceLock};

use crate::formula::{Formula, FormulaError, Purpose};
use crate::model::{FieldDef, FieldSource, ObjectDef, ValidationRule};

use super::org::Org;
use super::view::Snapshot;

type Read = Result<Formula, FormulaError>;

/// A formula of the schema that gives no value or is not enforced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormulaProblem {
    pub object: String,
    /// The formula field, the field with the default value, or the validation rule.
    pub name: String,
    pub error: FormulaError,
}

impl Org {
    /// All formulas of the org that cannot be used: what a project that was loaded is told about.
    pub fn formula_problems(&self) -> Vec<FormulaProblem> {
        let snapshot = self.snapshot();
        let mut problems = Vec::new();
        for table in snapshot.tables() {
            let def = &table.def;
            let mut check = |name: &str, text: &str, purpose: Purpose<'_>| {
                if let Err(error) = Formula::new(text, def, &snapshot, purpose) {
                    problems.push(FormulaProblem { object: def.name.clone(), name: name.to_owned(), error });
                }
            };
            for field in &def.fields {
                if let FieldSource::Formula(text) = &field.source {
                    check(&field.name, text, Purpose::Field(field));
                }
                if let Some(text) = &field.default_value_formula {
                    check(&field.name, text, Purpose::Default(field));
                }
            }
            for rule in def.validation_rules.iter().filter(|rule| rule.active) {
                check(&rule.name, &rule.formula, Purpose::Rule);
            }
        }
        problems
    }
}

/// Formulas of fields (or of their default values) by slot, and those of the active validation rules.
#[derive(Debug, Default)]
pub struct Formulas {
    by_slot: OnceLock<Vec<OnceLock<Read>>>,
    rules: OnceLock<Vec<(ValidationRule, Read)>>,
}

impl Formulas {
    /// The formula of a formula field.
    pub(crate) fn of_field(
        &self,
        object: &ObjectDef,
        field: &FieldDef,
        text: &str,
        snapshot: &Snapshot,
    ) -> Option<&Read> {
        self.read(object, field, text, snapshot, Purpose::Field(field))
    }

    /// The formula of a default value.
    pub(crate) fn of_default(
        &self,
        object: &ObjectDef,
        field: &FieldDef,
        text: &str,
        snapshot: &Snapshot,
    ) -> Option<&Read> {
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
