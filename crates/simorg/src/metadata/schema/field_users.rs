//! Who uses a custom field, in the words with which Salesforce refuses to delete it.
//!
//! Formulas and rules are read, and what cannot be read, as code, is searched for the names of the field and its object.

use crate::formula::{Formula, Purpose};
use crate::model::{FieldSource, ObjectDef};
use crate::state::view::Snapshot;

/// Types of components with code or flows in them, and what Salesforce calls them.
const CODE: [(&str, &str); 3] =
    [("ApexClass", "Apex Class"), ("ApexTrigger", "Apex Trigger"), ("Flow", "Flow Version")];

/// All users of a field, such as `Validation Rule - Account.Net_Is_Positive`.
pub(super) fn of(snapshot: &Snapshot, object: &str, field: &str) -> Vec<String> {
    let mut users = Vec::new();
    for table in snapshot.tables() {
        let def = &table.def;
        for own in &def.fields {
            let kind = match &own.source {
                FieldSource::Formula(text) => names(text, def, snapshot, Purpose::Field(own), object, field)
                    .then_some("Custom Formula Field"),
                FieldSource::RollUp(sum) if sum.child == object && (sum.via == field || sum.of == field) => {
                    Some("Roll-Up Summary Field")
                }
                _ => None,
            };
            users.extend(kind.map(|kind| format!("{kind} - {}.{}", def.name, own.name)));
        }
        let rules = def.validation_rules.iter();
        users.extend(
            rules
                .filter(|rule| names(&rule.formula, def, snapshot, Purpose::Rule, object, field))
                .map(|rule| format!("Validation Rule - {}.{}", def.name, rule.name)),
        );
    }
    users.extend(in_code(snapshot, object, field));
    users
}

fn names(
    text: &str,
    def: &ObjectDef,
    snapshot: &Snapshot,
    purpose: Purpose<'_>,
    object: &str,
    field: &str,
) -> bool {
    match Formula::new(text, def, snapshot, purpose) {
        Ok(formula) => formula.names(object, field),
        Err(_) => has_word(text, field) && def.name == object,
    }
}

fn in_code(snapshot: &Snapshot, object: &str, field: &str) -> Vec<String> {
    let mut users = Vec::new();
    for (kind, shown) in CODE {
        for component in snapshot.components.of_kind(kind) {
            let mentions = |(_, body): &(String, bytes::Bytes)| {
                let text = String::from_utf8_lossy(body);
                has_word(&text, field) && has_word(&text, object)
            };
            if component.files.iter().any(mentions) {
                // A version of a flow has no name of its own.
                let name = if kind == "Flow" { component.id.get(..15) } else { None };
                users.push(format!("{shown} - {}", name.unwrap_or(&component.full_name)));
            }
        }
    }
    users
}

/// Whether the text holds the name, not as a part of a longer one.
fn has_word(text: &str, name: &str) -> bool {
    text.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'))
        .any(|word| word.eq_ignore_ascii_case(name))
}
