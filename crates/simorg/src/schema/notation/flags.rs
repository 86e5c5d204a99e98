//! The words that follow the type of a field.

use crate::model::{
    FieldDef, FieldSource, FieldType, FilterOperator, OnDelete, Picklist, RollUp, RollUpFilter, RollUpKind,
};

use super::NotationError;

/// Applies one word after the type of a field.
pub(super) fn apply(field: &mut FieldDef, word: &str) -> Result<(), NotationError> {
    match word {
        "*" => {
            (field.nillable, field.permissionable, field.defaulted_on_create) =
                (false, false, field.kind == FieldType::Boolean);
        }
        "!" => field.nillable = false,
        "r" => field.read_only(),
        "i" => field.updateable = false,
        "u" => field.createable = false,
        "d" => field.defaulted_on_create = true,
        "k" => field.id_lookup = true,
        "L" => {
            (field.filterable, field.sortable, field.groupable, field.aggregatable) =
                (false, false, false, false);
        }
        "N" => {
            (field.name_field, field.permissionable) = (true, false);
            if field.name == "Name" && field.custom_name() {
                (field.id_lookup, field.defaulted_on_create) = (true, true);
            }
        }
        "ext" => (field.external_id, field.id_lookup) = (true, true),
        "unique" => field.unique = true,
        "cs" => field.case_sensitive = true,
        "html" => {
            field.html_formatted = true;
            field.extra_type_info = Some("richtextarea".to_owned());
        }
        "reparent" => field.updateable = true,
        "restricted" => field.restricted_picklist = true,
        _ => return long_flag(field, word),
    }
    Ok(())
}

fn long_flag(field: &mut FieldDef, word: &str) -> Result<(), NotationError> {
    if let Some(values) = word.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
        field.picklist_values = values.split(',').map(|value| picklist_value(value.trim())).collect();
        if field.picklist_values.iter().any(|value| value.default_value) {
            field.defaulted_on_create = true;
        }
    } else if let Some(list) = word.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        children(field, list);
    } else if let Some(controller) = word.strip_prefix("by=") {
        (field.controller_name, field.dependent_picklist) = (Some(controller.to_owned()), true);
        for (at, value) in field.picklist_values.iter_mut().enumerate() {
            value.valid_for = Some(["gAAA", "QAAA", "IAAA"][at % 3].to_owned());
        }
    } else if let Some(format) = word.strip_prefix("auto=") {
        (field.auto_number, field.defaulted_on_create, field.nillable, field.groupable) =
            (true, true, false, false);
        (field.id_lookup, field.source) = (field.name_field, FieldSource::AutoNumber(format.to_owned()));
        field.read_only();
    } else if let Some(order) = word.strip_prefix("md") {
        (field.cascade_delete, field.nillable, field.updateable) = (true, false, false);
        (field.write_requires_master_read, field.permissionable) = (true, false);
        field.relationship_order = order.parse().ok();
    } else if let Some((kind @ ("sum" | "count" | "min" | "max"), path)) = word.split_once('=') {
        roll_up(field, kind, path);
    } else if let Some(filter) = word.strip_prefix("where={").and_then(|rest| rest.strip_suffix('}')) {
        roll_up_filter(field, filter).ok_or_else(|| NotationError(word.to_owned()))?;
    } else if let Some(formula) = word.strip_prefix("default={").and_then(|rest| rest.strip_suffix('}')) {
        (field.default_value_formula, field.defaulted_on_create) = (Some(formula.to_owned()), true);
    } else {
        return Err(NotationError(word.to_owned()));
    }
    Ok(())
}

fn children(field: &mut FieldDef, list: &str) {
    let (name, rule) = list.split_once(' ').unwrap_or((list, ""));
    let on_delete = match rule {
        "C" => OnDelete::Cascade,
        "R" => OnDelete::Restrict,
        _ => OnDelete::Clear,
    };
    field.restricted_delete = on_delete == OnDelete::Restrict && field.custom;
    field.targets = vec![("*".to_owned(), Some(name.to_owned()), on_delete)];
}

fn roll_up(field: &mut FieldDef, kind: &str, path: &str) {
    let mut parts = path.split('.').map(str::to_owned);
    let mut next = || parts.next().unwrap_or_default();
    let kind = match kind {
        "sum" => RollUpKind::Sum,
        "min" => RollUpKind::Min,
        "max" => RollUpKind::Max,
        _ => RollUpKind::Count,
    };
    field.calculated();
    let filters = Vec::new();
    field.source = FieldSource::RollUp(RollUp { kind, child: next(), via: next(), of: next(), filters });
}

/// `Field operator value`, added to the roll-up that was named before.
fn roll_up_filter(field: &mut FieldDef, filter: &str) -> Option<()> {
    let FieldSource::RollUp(sum) = &mut field.source else { return None };
    let mut parts = filter.splitn(3, ' ').map(str::to_owned);
    let (name, word) = (parts.next()?, parts.next()?);
    let operator = FilterOperator::of(&word)?;
    sum.filters.push(RollUpFilter { field: name, operator, value: parts.next().unwrap_or_default() });
    Some(())
}

fn picklist_value(text: &str) -> Picklist {
    let value = text.trim_start_matches(['^', '~']);
    Picklist {
        active: !text.starts_with('~'),
        default_value: text.starts_with('^'),
        label: value.to_owned(),
        valid_for: None,
        value: value.to_owned(),
    }
}
