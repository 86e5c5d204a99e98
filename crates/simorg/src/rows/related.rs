//! `/sobjects/X/<id>/<relationship>`: the row that a reference points to, or the children of a list.
//!
//! Children are what a query over their reference answers, with its pages.

use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::errors::{ApiError, JSON};
use crate::model::{ObjectDef, Value};
use crate::query;
use crate::state::{Row, View};

use super::by_key::Asked;
use super::model;
use super::routes::{self, Selection};

pub(super) fn read(
    asked: &Asked<'_>,
    view: &View,
    def: &ObjectDef,
    row: &Row,
    name: &str,
    selection: &Selection,
) -> Result<Response, ApiError> {
    if let Some(field) = def.relationship(name) {
        let Value::Id(target) = row.value(field) else { return Err(ApiError::not_found()) };
        let object = view.object_of_id(&target).ok_or_else(ApiError::not_found)?;
        return routes::read(view, &object, &target, selection, asked.version, asked.headers);
    }
    let relation = def.child(name).ok_or_else(ApiError::not_found)?;
    let child = view.object(&relation.child).ok_or_else(ApiError::not_found)?;
    let field = child.field(&relation.field).ok_or_else(ApiError::not_found)?;
    let fields = model::fields(&child, selection.fields.as_deref())?;
    let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
    let statement =
        format!("SELECT {} FROM {} WHERE {} = '{}'", names.join(","), child.name, field.name, row.id());
    let of_query = query::Asked {
        session: asked.session.clone(),
        version: asked.version,
        all: false,
        page_size: query::MAX_PAGE,
    };
    let answer = query::page_of(asked.state, &of_query, &statement)?;
    Ok(([(header::CONTENT_TYPE, JSON)], answer).into_response())
}
