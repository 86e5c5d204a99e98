//! Metadata components, and how the jobs of the Metadata API behave.

use std::collections::BTreeMap;

use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::{delete, get};
use axum::{Json as Body, Router};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::components::{Component, registry};
use crate::errors::ApiError;
use crate::metadata::{self, Settings};
use crate::server::AppState;

use super::answer;

/// Files by their paths inside a package, as text.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Files {
    files: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct OfType {
    #[serde(rename = "type")]
    kind: Option<String>,
}

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/simorg/components", get(list).put(put_files))
        .route("/simorg/components/{kind}/{*name}", delete(remove))
        .route("/simorg/metadata", get(settings).put(set))
        .route("/simorg/metadata/automations", get(automations))
}

async fn list(State(state): State<AppState>, Query(query): Query<OfType>) -> Response {
    let components = state.org.components();
    let wanted = components.iter().filter(|c| query.kind.as_ref().is_none_or(|kind| *kind == c.kind));
    let list: Vec<Json> = wanted
        .map(|component| {
            json!({
                "type": component.kind,
                "full_name": component.full_name,
                "id": component.id,
                "files": component.files.iter().map(|(path, _)| path).collect::<Vec<_>>(),
            })
        })
        .collect();
    answer(&json!({"components": list}))
}

/// Puts every component that has files here; each takes effect as if it were deployed.
async fn put_files(State(state): State<AppState>, Body(body): Body<Files>) -> Result<Response, ApiError> {
    let mut components: BTreeMap<(&str, String), Vec<(String, Bytes)>> = BTreeMap::new();
    for (path, text) in body.files {
        let Some(place) = registry::of_path(&path) else {
            return Err(ApiError::bad_request(
                "INVALID_PATH",
                format!("no metadata type has a file `{path}`"),
            ));
        };
        components.entry((place.kind, place.full_name)).or_default().push((path, Bytes::from(text)));
    }
    let mut names = Vec::new();
    for ((kind, name), files) in components {
        let component = Component::new(kind, &name, files);
        let org = state.org.clone();
        let put =
            tokio::task::spawn_blocking(move || metadata::put_component(&org, &org.admin(), &component));
        let put = put.await.unwrap_or_else(|_| Err("An unexpected error occurred.".to_owned()));
        put.map_err(|problem| {
            ApiError::bad_request("INVALID_COMPONENT", format!("{kind} {name}: {problem}"))
        })?;
        names.push(json!({"type": kind, "full_name": name}));
    }
    Ok(answer(&json!({"components": names})))
}

async fn remove(
    State(state): State<AppState>,
    Path((kind, name)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    metadata::remove_component(&state.org, &state.org.admin(), &kind, &name)
        .map_err(|problem| ApiError::bad_request("INVALID_COMPONENT", problem))?;
    Ok(answer(&json!({"removed": {"type": kind, "full_name": name}})))
}

async fn settings(State(state): State<AppState>) -> Response {
    answer(&json!(state.metadata.settings()))
}

async fn set(State(state): State<AppState>, Body(body): Body<Settings>) -> Response {
    state.metadata.set(body);
    answer(&json!(state.metadata.settings()))
}

/// What runs on saving according to the metadata, and whether it is switched on.
async fn automations(State(state): State<AppState>) -> Response {
    let components = state.org.components();
    let list: Vec<Json> = components
        .iter()
        .flat_map(|component| metadata::automations(component))
        .map(|a| json!({"type": a.kind, "full_name": a.full_name, "object": a.object, "active": a.active}))
        .collect();
    answer(&json!({"automations": list}))
}
