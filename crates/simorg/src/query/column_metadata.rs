//! The answer to `columns=true`: what the columns of a query are, without its rows.

use serde_json::{Value as Json, json};

use crate::model::{FieldDef, FieldType};
use crate::soql::{Column, Path, Plan, Shape};

pub(super) fn describe(plan: &Plan) -> Json {
    let (columns, is_grouped, id_selected) = match &plan.shape {
        Shape::Count => (Vec::new(), false, false),
        Shape::Rows(columns) => {
            (columns.iter().map(of_column).collect(), false, columns.iter().any(is_own_id))
        }
        Shape::Groups(grouping) => {
            let names = grouping.items.iter();
            (
                names.map(|item| entry(&item.name, &item.name, None, true, &[])).collect(),
                !grouping.keys.is_empty(),
                false,
            )
        }
    };
    json!({
        "columnMetadata": columns,
        "entityName": plan.object().name,
        "groupBy": is_grouped,
        "idSelected": id_selected,
        "keyPrefix": plan.object().key_prefix,
    })
}

fn is_own_id(column: &Column) -> bool {
    matches!(column, Column::Field(path) if path.hops.is_empty() && path.def().kind == FieldType::Id)
}

fn of_column(column: &Column) -> Json {
    match column {
        Column::Field(path) | Column::Shown { path, is_alias: false, .. } => nested(path, 0),
        Column::Shown { path, key, .. } => entry(key, key, Some(path.def()), false, &[]),
        Column::Computed { key, .. } => entry(key, key, None, false, &[]),
        Column::Child(child) => {
            let columns: Vec<Json> = child.plan.columns().iter().map(of_column).collect();
            entry(&child.relationship, &child.relationship, None, true, &columns)
        }
        Column::TypeOf(branches) => entry(&branches.relationship, &branches.relationship, None, false, &[]),
    }
}

/// A parent's field is a column joined to the relationship.
fn nested(path: &Path, depth: usize) -> Json {
    match path.hops.get(depth) {
        None => entry(&path.def().name, &path.def().name, Some(path.def()), false, &[]),
        Some(hop) => entry(hop.relationship(), hop.relationship(), None, false, &[nested(path, depth + 1)]),
    }
}

fn entry(name: &str, shown: &str, field: Option<&FieldDef>, aggregate: bool, joined: &[Json]) -> Json {
    let kind = field.map(|field| field.kind);
    let is_number = kind.is_some_and(|k| k.is_decimal() || matches!(k, FieldType::Int | FieldType::Long));
    let is_text = kind.is_some_and(|k| k.is_text() || matches!(k, FieldType::Id | FieldType::Reference));
    json!({
        "aggregate": aggregate,
        "apexType": kind.map_or("Object", apex_type),
        "booleanType": kind == Some(FieldType::Boolean),
        "columnName": name,
        "custom": field.is_some_and(|field| field.custom),
        "displayName": shown,
        "foreignKeyName": Json::Null,
        "insertable": field.is_some_and(|field| field.createable),
        "joinColumns": joined,
        "numberType": is_number,
        "textType": is_text,
        "updatable": field.is_some_and(|field| field.updateable),
    })
}

fn apex_type(kind: FieldType) -> &'static str {
    match kind {
        FieldType::Id | FieldType::Reference => "Id",
        FieldType::Boolean => "Boolean",
        FieldType::Int => "Integer",
        FieldType::Long => "Long",
        FieldType::Double | FieldType::Currency | FieldType::Percent => "Double",
        FieldType::Date => "Date",
        FieldType::DateTime => "Datetime",
        FieldType::Time => "Time",
        FieldType::Base64 => "Blob",
        FieldType::Address => "Address",
        FieldType::Location => "Location",
        FieldType::AnyType => "Object",
        _ => "String",
    }
}
