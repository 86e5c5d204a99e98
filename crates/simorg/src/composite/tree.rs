//! `POST /composite/tree/X`: up to 200 new records that hang on one another, all or none.

use std::collections::{BTreeSet, HashSet};

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value as Json, json};

use crate::dml::{self, MOST_ROWS, Options, Verb};
use crate::errors::{ApiError, JSON};
use crate::model::ObjectDef;
use crate::rows;
use crate::server::{AppState, Session};
use crate::state::View;

use super::outcomes;

/// REST API Developer Guide, "sObject Tree".
const MOST_TYPES: usize = 5;
const MOST_LEVELS: usize = 5;

/// One record of a tree, after its parent in the list of all.
struct Node {
    object: String,
    reference: String,
    record: Map<String, Json>,
    /// Where in the list the parent stands, and the field that refers to it.
    parent: Option<(usize, String)>,
}

pub(super) async fn tree(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    Path(object): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    let view = state.org.view(&session.user);
    let def = view.object(&object).ok_or_else(ApiError::not_found)?;
    let mut body = rows::parse(&body)?;
    let Some(Json::Array(records)) = body.shift_remove("records") else {
        return Err(ApiError::json_parser("The request needs a list of `records`"));
    };
    let mut nodes = Vec::new();
    for record in records {
        flatten(&view, &def, record, None, 1, &mut nodes)?;
    }
    check(&nodes)?;
    rows::readable(&view, nodes.iter().map(|node| (node.object.as_str(), &node.record)))?;
    drop(view);
    Ok(save(&state, &session, nodes, rows::options(&headers)))
}

fn flatten(
    view: &View,
    def: &ObjectDef,
    record: Json,
    parent: Option<(usize, String)>,
    level: usize,
    nodes: &mut Vec<Node>,
) -> Result<(), ApiError> {
    if level > MOST_LEVELS {
        let message = format!("The tree is deeper than {MOST_LEVELS} levels.");
        return Err(ApiError::bad_request("INVALID_INPUT", message));
    }
    let Json::Object(mut record) = record else {
        return Err(ApiError::json_parser("A record of a tree must be an object"));
    };
    let attributes = record.shift_remove("attributes").unwrap_or_default();
    let text = |name: &str| attributes.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
    let (object, reference) = (text("type"), text("referenceId"));
    if !object.eq_ignore_ascii_case(&def.name) {
        let message = format!("The attributes' type {object:?} of a record is not {}.", def.name);
        return Err(ApiError::bad_request("INVALID_INPUT", message));
    }
    let lists: Vec<String> = record
        .iter()
        .filter(|(name, value)| value.get("records").is_some() && def.field(name).is_none())
        .map(|(name, _)| name.clone())
        .collect();
    let mut children = Vec::new();
    for name in lists {
        let relation = def.child(&name).ok_or_else(|| {
            ApiError::invalid_field(format!("No such column '{name}' on sobject of type {}", def.name))
        })?;
        let records = record.shift_remove(&name).and_then(|mut list| list.get_mut("records").map(Json::take));
        if let Some(Json::Array(records)) = records {
            children.push((relation.clone(), records));
        }
    }
    let own = nodes.len();
    nodes.push(Node { object: def.name.clone(), reference, record, parent });
    for (relation, records) in children {
        let child = view.object(&relation.child).ok_or_else(|| ApiError::invalid_type(&relation.child))?;
        for record in records {
            flatten(view, &child, record, Some((own, relation.field.clone())), level + 1, nodes)?;
        }
    }
    Ok(())
}

fn check(nodes: &[Node]) -> Result<(), ApiError> {
    if nodes.len() > MOST_ROWS {
        let message =
            format!("record limit reached. cannot submit more than {MOST_ROWS} records into this call");
        return Err(ApiError::bad_request("EXCEEDED_ID_LIMIT", message));
    }
    let types: BTreeSet<&str> = nodes.iter().map(|node| node.object.as_str()).collect();
    if types.len() > MOST_TYPES {
        let message = format!("The tree holds more than {MOST_TYPES} types of records.");
        return Err(ApiError::bad_request("INVALID_INPUT", message));
    }
    let mut seen = HashSet::new();
    for node in nodes {
        if node.reference.is_empty() {
            let message = "Include a reference ID in the \"attributes\" of each record.";
            return Err(ApiError::bad_request("INVALID_INPUT", message));
        }
        if !seen.insert(&node.reference) {
            let message = format!("Duplicate ReferenceId provided in the request: {}", node.reference);
            return Err(ApiError::bad_request("INVALID_INPUT", message));
        }
    }
    Ok(())
}

fn save(state: &AppState, session: &Session, nodes: Vec<Node>, options: Options) -> Response {
    let results = state.org.transact(&session.user, |transaction| {
        let mut ids: Vec<Option<String>> = Vec::with_capacity(nodes.len());
        let mut results = Vec::with_capacity(nodes.len());
        for mut node in nodes {
            if let Some((parent, field)) = node.parent {
                // Without its parent a record is not tried: its refusal would say nothing new.
                let Some(id) = ids[parent].clone() else {
                    ids.push(None);
                    continue;
                };
                node.record.insert(field, Json::from(id));
            }
            let row = dml::Row::new(&node.object, node.record);
            let outcome = dml::save_in(transaction, &Verb::Insert, &[row], options).remove(0);
            ids.push(outcome.as_ref().ok().map(|saved| saved.id.clone()));
            results.push((node.reference, outcome));
        }
        let keep = results.iter().all(|(_, outcome)| outcome.is_ok());
        (results, keep)
    });
    let failed: Vec<Json> = results
        .iter()
        .filter_map(|(reference, outcome)| Some((reference, outcome.as_ref().err()?)))
        .map(|(reference, errors)| {
            let errors: Vec<Json> = errors.iter().map(outcomes::error).collect();
            json!({"referenceId": reference, "errors": errors})
        })
        .collect();
    if !failed.is_empty() {
        let answer = json!({"hasErrors": true, "results": failed});
        return (StatusCode::BAD_REQUEST, [(header::CONTENT_TYPE, JSON)], answer.to_string()).into_response();
    }
    let saved: Vec<Json> = results
        .iter()
        .filter_map(|(reference, outcome)| Some((reference, outcome.as_ref().ok()?)))
        .map(|(reference, saved)| json!({"referenceId": reference, "id": saved.id}))
        .collect();
    let answer = json!({"hasErrors": false, "results": saved});
    (StatusCode::CREATED, [(header::CONTENT_TYPE, JSON)], answer.to_string()).into_response()
}
