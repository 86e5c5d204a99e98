//! `/sobjects/X/<id>/<relationship>`: the row that a reference points to, or the children of a list.

use std::ops::ControlFlow;

use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};

use crate::errors::{ApiError, JSON};
use crate::model::{ObjectDef, Value};
use crate::server::ApiVersion;
use crate::state::{Row, Scan, View};

use super::model;
use super::routes::{self, Selection};

/// The most children in one answer; the rest is left to a query.
const MOST_CHILDREN: usize = 2000;

pub(super) fn read(
    view: &View,
    def: &ObjectDef,
    row: &Row,
    name: &str,
    selection: &Selection,
    version: ApiVersion,
    headers: &HeaderMap,
) -> Result<Response, ApiError> {
    if let Some(field) = def.relationship(name) {
        let Value::Id(target) = row.value(field) else { return Err(ApiError::not_found()) };
        let object = view.object_of_id(&target).ok_or_else(ApiError::not_found)?;
        return routes::read(view, &object, &target, selection, version, headers);
    }
    let relation = def.child(name).ok_or_else(ApiError::not_found)?;
    let child = view.object(&relation.child).ok_or_else(ApiError::not_found)?;
    let field = child.field(&relation.field).ok_or_else(ApiError::not_found)?;
    let fields = model::fields(&child, selection.fields.as_deref())?;
    let mut records = Vec::new();
    view.scan(&child, Scan::default(), &mut |row_of_child| {
        if row_of_child.value(field).as_str() == Some(row.id()) {
            records.push(model::record(&child, row_of_child, &fields, &version.text()));
        }
        if records.len() < MOST_CHILDREN { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    let answer =
        format!("{{\"totalSize\":{},\"done\":true,\"records\":[{}]}}", records.len(), records.join(","));
    Ok(([(header::CONTENT_TYPE, JSON)], answer).into_response())
}
