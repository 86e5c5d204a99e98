//! Validation rules, and the check of every formula once all fields are there.

use crate::formula::{Formula, FormulaError, Purpose};
use crate::model::{FieldSource, ValidationRule};
use crate::xml::Element;

use super::changes::Changes;

/// Refuses formula fields of these elements that the platform would refuse; those that simorg cannot compute stay.
pub(super) fn check_fields(changes: &mut Changes<'_>, object: &str, elements: &[&Element]) {
    for xml in elements {
        let Some(def) = changes.def(object) else { return };
        let name = xml.text_of("fullName").map(str::trim).unwrap_or_default();
        let Some(field) = def.field(name) else { continue };
        let FieldSource::Formula(text) = &field.source else { continue };
        let full_name = format!("{object}.{name}");
        match Formula::new(text, &def, changes.snapshot, Purpose::Field(field)) {
            Ok(_) => {}
            Err(error @ FormulaError::NotSimulated(_)) => {
                changes.warning("CustomField", &full_name, error.to_string());
            }
            Err(error @ FormulaError::Invalid(_)) => {
                changes.problem("CustomField", &full_name, error.to_string());
                changes.change(object, |def| def.fields.retain(|field| field.name != name));
            }
        }
    }
}

/// Adds or replaces validation rules.
pub(super) fn rules(changes: &mut Changes<'_>, object: &str, elements: &[&Element]) {
    for xml in elements {
        let Some(def) = changes.def(object) else { return };
        let text = |name: &str| xml.text_of(name).map(str::trim).unwrap_or_default();
        let error_field = Some(text("errorDisplayField")).filter(|field| !field.is_empty());
        let rule = ValidationRule {
            name: text("fullName").to_owned(),
            formula: text("errorConditionFormula").to_owned(),
            message: text("errorMessage").to_owned(),
            error_field: error_field.map(str::to_owned),
            active: xml.is_true("active"),
        };
        let full_name = format!("{object}.{}", rule.name);
        if let Some(field) = error_field.filter(|field| def.field(field).is_none()) {
            changes.problem(
                "ValidationRule",
                &full_name,
                format!("Field {field} does not exist. Check spelling."),
            );
            continue;
        }
        match Formula::new(&rule.formula, &def, changes.snapshot, Purpose::Rule) {
            Ok(_) => {}
            Err(error @ FormulaError::NotSimulated(_)) => {
                changes.warning("ValidationRule", &full_name, error.to_string());
            }
            Err(error @ FormulaError::Invalid(_)) => {
                changes.problem("ValidationRule", &full_name, error.to_string());
                continue;
            }
        }
        changes.change(object, |def| {
            def.validation_rules.retain(|known| known.name != rule.name);
            def.validation_rules.push(rule);
        });
    }
}
