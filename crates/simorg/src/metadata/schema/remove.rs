//! What destructive changes do to objects, fields and the rows that are metadata.

use crate::model::ObjectKind;
use crate::state::schema_changes::derive_children;
use crate::state::view::Snapshot;

use super::changes::Changes;
use super::{Author, Problem, field_users, record_types, records};

/// Removes one component; a problem is told when something else needs it.
pub fn remove(snapshot: &mut Snapshot, kind: &str, full_name: &str, author: &Author) -> Option<Problem> {
    let mut changes = Changes { snapshot, author, problems: Vec::new(), sums: Vec::new() };
    let (object, child) = full_name.split_once('.').unwrap_or((full_name, ""));
    let refused = match kind {
        "CustomObject" => remove_object(&mut changes, object),
        "CustomField" => remove_field(&mut changes, object, child),
        "RecordType" => {
            remove_row(&mut changes, "RecordType", |snapshot| {
                record_types::find(snapshot, object, child).map(|row| row.counter())
            });
            changes.change(object, |def| {
                def.metadata.record_type_values.remove(child);
            });
            Ok(())
        }
        "ValidationRule" => {
            changes.change(object, |def| def.validation_rules.retain(|rule| rule.name != child));
            Ok(())
        }
        "CustomMetadata" => {
            let table = if object.ends_with("__mdt") { object.to_owned() } else { format!("{object}__mdt") };
            remove_row(&mut changes, &table, |snapshot| {
                let def = snapshot.table(&table)?.def.clone();
                records::find(snapshot, &def, child).map(|row| row.counter())
            });
            Ok(())
        }
        _ => Ok(()),
    };
    if let Err(message) = refused {
        changes.problem(kind, full_name, message);
    }
    derive_children(changes.snapshot);
    changes.snapshot.forget_formulas();
    changes.snapshot.schema_changed_ms = author.at_ms;
    changes.problems.pop()
}

fn remove_row(changes: &mut Changes<'_>, object: &str, find: impl FnOnce(&Snapshot) -> Option<u64>) {
    if let Some(counter) = find(changes.snapshot)
        && let Some(table) = changes.snapshot.table_mut(object)
    {
        table.purge(counter);
    }
}

fn remove_object(changes: &mut Changes<'_>, object: &str) -> Result<(), String> {
    let Some(def) = changes.def(object) else { return Ok(()) };
    if matches!(def.kind, ObjectKind::Standard) {
        return Err(format!("Cannot delete standard object: {object}"));
    }
    let holders: Vec<String> = changes
        .snapshot
        .tables()
        .filter(|table| {
            table.def.name != def.name && table.def.associate.as_ref().is_none_or(|(_, of)| *of != def.name)
        })
        .flat_map(|table| {
            table
                .def
                .fields
                .iter()
                .filter(|field| field.custom && field.reference_to == [def.name.clone()])
                .map(|field| format!("{}.{}", table.def.name, field.name))
                .collect::<Vec<_>>()
        })
        .collect();
    if let Some(holder) = holders.first() {
        return Err(format!("This custom object is referenced elsewhere in salesforce.com. : {holder}"));
    }
    let companions: Vec<String> = changes
        .snapshot
        .tables()
        .filter(|table| table.def.associate.as_ref().is_some_and(|(_, of)| *of == def.name))
        .map(|table| table.def.name.clone())
        .collect();
    for name in companions.iter().chain([&def.name]) {
        changes.snapshot.remove_table(name);
    }
    Ok(())
}

fn remove_field(changes: &mut Changes<'_>, object: &str, field: &str) -> Result<(), String> {
    let Some(def) = changes.def(object) else { return Ok(()) };
    let Some(known) = def.field(field).filter(|field| field.custom) else {
        return if def.field(field).is_some() {
            Err("Cannot delete a standard field".to_owned())
        } else {
            Ok(())
        };
    };
    let users = field_users::of(changes.snapshot, &def.name, &known.name);
    if !users.is_empty() {
        let users = users.join(", ");
        return Err(format!("This custom field is referenced elsewhere in salesforce.com. : {users}"));
    }
    let whole = known.name.clone();
    changes.change(&def.name, |def| {
        def.fields
            .retain(|field| field.name != whole && field.compound_field_name.as_deref() != Some(&whole));
    });
    Ok(())
}
