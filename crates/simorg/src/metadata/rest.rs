//! Deploys by REST: `/metadata/deployRequest` ("Deploy with REST", Metadata API Developer Guide). There is no REST retrieve.

use axum::extract::{FromRequest, Multipart, Path, Query, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Json as Body, Router};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::errors::{ApiError, JSON};
use crate::server::{ApiVersion, AppState, Session};

use super::deploy::Options;
use super::{NOT_ALLOWED, may_use};

pub fn router() -> Router<AppState> {
    Router::new()
        .route("/metadata", get(resources))
        .route("/metadata/deployRequest", axum::routing::post(deploy))
        .route("/metadata/deployRequest/{id}", get(status).patch(cancel))
        .route_layer(axum::middleware::from_fn(allowed))
}

async fn allowed(Extension(session): Extension<Session>, request: Request, next: Next) -> Response {
    if may_use(&session.user) {
        next.run(request).await
    } else {
        ApiError::insufficient_access(NOT_ALLOWED).into_response()
    }
}

#[derive(Deserialize)]
struct StatusQuery {
    #[serde(default, rename = "includeDetails")]
    include_details: bool,
}

fn base(version: ApiVersion) -> String {
    format!("/services/data/v{}/metadata/deployRequest", version.text())
}

async fn resources(Extension(version): Extension<ApiVersion>) -> Response {
    answer(StatusCode::OK, &json!({"deployRequest": base(version)}))
}

async fn deploy(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    request: Request,
) -> Result<Response, ApiError> {
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !content_type.is_some_and(|kind| kind.starts_with("multipart/")) {
        return deploy_validated(state, session, request).await;
    }
    let (options, zip) = parts(request).await?;
    let options = Options::of_json(&options["deployOptions"]);
    let echoed = options.json();
    let id = run(move || state.metadata.deploy(&state.org, &session.user, zip, options, None)).await?;
    Ok(answer(StatusCode::CREATED, &created(&id, &Json::Null, &echoed)))
}

/// The options and the zip, by the kind of each part rather than by its name.
async fn parts(request: Request) -> Result<(Json, Bytes), ApiError> {
    let unreadable = |error: &dyn std::fmt::Display| {
        ApiError::bad_request(
            "INVALID_MULTIPART_REQUEST",
            format!("the multipart body cannot be read: {error}"),
        )
    };
    let mut multipart = Multipart::from_request(request, &()).await.map_err(|error| unreadable(&error))?;
    let (mut options, mut zip) = (None, None);
    while let Some(field) = multipart.next_field().await.map_err(|error| unreadable(&error))? {
        let is_json = field.content_type().is_some_and(|kind| kind.starts_with("application/json"));
        let body = field.bytes().await.map_err(|error| unreadable(&error))?;
        if is_json {
            let json = serde_json::from_slice::<Json>(&body);
            options = Some(json.map_err(|error| ApiError::json_parser(error.to_string()))?);
        } else {
            zip = Some(body);
        }
    }
    let missing =
        |part: &str| ApiError::bad_request("INVALID_MULTIPART_REQUEST", format!("missing part: {part}"));
    Ok((options.ok_or_else(|| missing("json"))?, zip.ok_or_else(|| missing("file"))?))
}

async fn deploy_validated(state: AppState, session: Session, request: Request) -> Result<Response, ApiError> {
    let body = Body::<Json>::from_request(request, &()).await;
    let Body(body) = body.map_err(|error| ApiError::json_parser(error.to_string()))?;
    let validated = body["validatedDeployRequestId"].as_str().unwrap_or_default().to_owned();
    let of = validated.clone();
    let shared = state.clone();
    let id = run(move || shared.metadata.deploy_validated(&shared.org, &session.user, &of)).await?;
    let id = id.ok_or_else(|| invalid_id(&validated))?;
    let options = with_job(&state, &id, |report| report.options.json())?;
    Ok(answer(StatusCode::CREATED, &created(&id, &json!(validated), &options)))
}

fn created(id: &str, validated: &Json, options: &Json) -> Json {
    json!({
        "id": id,
        "validatedDeployRequestId": validated,
        "deployOptions": options,
        "deployResult": Json::Null,
    })
}

async fn status(
    State(state): State<AppState>,
    Extension(version): Extension<ApiVersion>,
    Path(id): Path<String>,
    Query(query): Query<StatusQuery>,
) -> Result<Response, ApiError> {
    let (shared, of) = (state.clone(), id.clone());
    let report = run(move || shared.metadata.poll_deploy(&shared.org, &of)).await?;
    let report = report.ok_or_else(|| invalid_id(&id))?;
    let mut body = described(&state, &report.id, &report.options.json())?;
    body["url"] = format!("{}/{}?includeDetails={}", base(version), report.id, query.include_details).into();
    body["deployResult"] = report.json(&state.org, query.include_details);
    Ok(answer(StatusCode::OK, &body))
}

async fn cancel(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    Path(id): Path<String>,
    Body(body): Body<Json>,
) -> Result<Response, ApiError> {
    if body["deployResult"]["status"] != "Canceling" {
        return Err(ApiError::bad_request("INVALID_FIELD", "deployResult.status must be Canceling"));
    }
    match state.metadata.cancel(&state.org, &session.user, &id) {
        None => return Err(invalid_id(&id)),
        Some(false) => return Err(ApiError::bad_request("INVALID_ID_FIELD", "Deployment already completed")),
        Some(true) => {}
    }
    let (options, result) =
        with_job(&state, &id, |report| (report.options.json(), report.json(&state.org, false)))?;
    let mut body = described(&state, &id, &options)?;
    body["deployResult"] = result;
    Ok(answer(StatusCode::ACCEPTED, &body))
}

fn described(state: &AppState, id: &str, options: &Json) -> Result<Json, ApiError> {
    let job = state.metadata.deploy_job(id).ok_or_else(|| invalid_id(id))?;
    let validated = job.lock().unwrap_or_else(std::sync::PoisonError::into_inner).validated.clone();
    Ok(created(id, &json!(validated), options))
}

fn with_job<R>(
    state: &AppState,
    id: &str,
    look: impl FnOnce(&super::deploy::Report) -> R,
) -> Result<R, ApiError> {
    let job = state.metadata.deploy_job(id).ok_or_else(|| invalid_id(id))?;
    let job = job.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    Ok(look(&job.report))
}

fn invalid_id(id: &str) -> ApiError {
    ApiError::new(
        StatusCode::NOT_FOUND,
        "INVALID_CROSS_REFERENCE_KEY",
        format!("invalid cross reference id: {id}"),
    )
}

/// Away from the threads that serve connections: a deploy may take its time.
async fn run<R: Send + 'static>(work: impl FnOnce() -> R + Send + 'static) -> Result<R, ApiError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| {
        ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "UNKNOWN_EXCEPTION", "An unexpected error occurred.")
    })
}

fn answer(status: StatusCode, body: &Json) -> Response {
    (status, [(header::CONTENT_TYPE, JSON)], body.to_string()).into_response()
}
