//! What users may see, and whether their tokens are still good.

use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{get, post, put};
use axum::{Json as Body, Router};
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

use crate::errors::ApiError;
use crate::model::permissions;
use crate::oauth::Policy;
use crate::server::AppState;
use crate::state::Permissions;

use super::answer;

/// Changes of what one user may see. Fields are named `Object.Field`.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Changes {
    hide_objects: Vec<String>,
    show_objects: Vec<String>,
    hide_fields: Vec<String>,
    show_fields: Vec<String>,
    view_all_data: Option<bool>,
    query_all_files: Option<bool>,
    modify_all_data: Option<bool>,
    api_enabled: Option<bool>,
    /// System permissions by API name, such as `CreateAuditFields`.
    grant: Vec<String>,
    revoke: Vec<String>,
}

#[derive(Deserialize)]
struct Rotation {
    rotates: bool,
}

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/simorg/users", get(users))
        .route("/simorg/users/{username}/permissions", post(change))
        .route("/simorg/sessions/expire", post(expire_sessions))
        .route("/simorg/grants/revoke", post(revoke_grants))
        .route("/simorg/grants/rotation", put(rotation))
        .route("/simorg/grants/policy", get(policy).patch(change_policy))
        .route("/simorg/grants/keys", post(register_key))
}

async fn users(State(state): State<AppState>) -> Response {
    let users: Vec<Json> = state
        .org
        .users()
        .iter()
        .map(|user| {
            let hidden_fields: Vec<String> = user
                .permissions
                .hidden_fields
                .iter()
                .map(|(object, field)| format!("{object}.{field}"))
                .collect();
            json!({
                "id": user.id,
                "username": user.username,
                "active": user.active,
                "api_enabled": user.permissions.api_enabled,
                "view_all_data": user.permissions.view_all_data,
                "query_all_files": user.permissions.query_all_files,
                "modify_all_data": user.permissions.modify_all_data,
                "hidden_objects": user.permissions.hidden_objects,
                "hidden_fields": hidden_fields,
                "system_permissions": user.permissions.system,
            })
        })
        .collect();
    answer(&json!({"users": users}))
}

async fn change(
    State(state): State<AppState>,
    Path(username): Path<String>,
    Body(changes): Body<Changes>,
) -> Result<Response, ApiError> {
    let user = state.org.user_by_name(&username).ok_or_else(ApiError::not_found)?;
    let unknown = changes.grant.iter().chain(&changes.revoke).find(|name| permissions::known(name).is_none());
    if let Some(name) = unknown {
        return Err(ApiError::bad_request(
            "UNKNOWN_USER_PERMISSION",
            format!("Unknown user permission: {name}"),
        ));
    }
    state.org.set_permissions(&user.id, |permissions| apply(permissions, &changes));
    Ok(answer(&json!({"changed": username})))
}

fn apply(permissions: &mut Permissions, changes: &Changes) {
    let field = |text: &String| {
        let (object, field) = text.split_once('.').unwrap_or((text, ""));
        (object.to_ascii_lowercase(), field.to_ascii_lowercase())
    };
    permissions.hidden_objects.extend(changes.hide_objects.iter().map(|name| name.to_ascii_lowercase()));
    permissions.hidden_fields.extend(changes.hide_fields.iter().map(field));
    for name in &changes.show_objects {
        permissions.hidden_objects.remove(&name.to_ascii_lowercase());
    }
    for name in &changes.show_fields {
        permissions.hidden_fields.remove(&field(name));
    }
    for (switch, to) in [
        (&mut permissions.view_all_data, changes.view_all_data),
        (&mut permissions.query_all_files, changes.query_all_files),
        (&mut permissions.modify_all_data, changes.modify_all_data),
        (&mut permissions.api_enabled, changes.api_enabled),
    ] {
        *switch = to.unwrap_or(*switch);
    }
    for (names, held) in [(&changes.grant, true), (&changes.revoke, false)] {
        for name in names {
            permissions.set(name, held);
        }
    }
}

async fn expire_sessions(State(state): State<AppState>) -> Response {
    state.oauth.expire_sessions();
    answer(&json!({"expired": true}))
}

async fn revoke_grants(State(state): State<AppState>) -> Response {
    state.oauth.revoke_grants();
    answer(&json!({"revoked": true}))
}

async fn rotation(State(state): State<AppState>, Body(body): Body<Rotation>) -> Response {
    state.oauth.set_rotation(body.rotates);
    answer(&json!({"rotates": body.rotates}))
}

/// The public key of an app that signs in by JWT.
#[derive(Deserialize)]
struct Key {
    client_id: String,
    pem: String,
}

async fn register_key(State(state): State<AppState>, Body(key): Body<Key>) -> Result<Response, ApiError> {
    state
        .oauth
        .register_public_key(&key.client_id, &key.pem)
        .map_err(|_| ApiError::bad_request("INVALID_INPUT", "The pem is not an RSA public key"))?;
    Ok(answer(&json!({"registered": key.client_id})))
}

async fn policy(State(state): State<AppState>) -> Response {
    answer(&json!(state.oauth.policy()))
}

/// Changes the settings that are named and leaves the others.
async fn change_policy(
    State(state): State<AppState>,
    Body(changes): Body<Map<String, Json>>,
) -> Result<Response, ApiError> {
    let mut policy = json!(state.oauth.policy());
    if let Some(settings) = policy.as_object_mut() {
        settings.extend(changes);
    }
    let policy: Policy =
        serde_json::from_value(policy).map_err(|error| ApiError::json_parser(error.to_string()))?;
    if let Some(problem) = policy.problem() {
        return Err(ApiError::bad_request("INVALID_POLICY", problem));
    }
    state.oauth.set_policy(policy.clone());
    Ok(answer(&json!(policy)))
}
