//! `/sobjects/X/<field>/<value>`: rows by an external id, and upsert; also `/sobjects/X/<id>/<name>`: bodies, related rows, passwords.

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use axum::{Extension, Router};
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

use crate::dml::{self, Verb};
use crate::errors::{ApiError, ApiErrors, JSON};
use crate::files;
use crate::model::{FieldType, ObjectDef};
use crate::server::{ApiVersion, AppState, Session};
use crate::state::{View, lookup, validation};

use super::model::no_key;
use super::routes::{Selection, read};
use super::{options, parse, password, related};

/// From this version on an upsert that updates answers with a body (REST API Developer Guide, "Insert or Update (Upsert)").
const BODY_ON_UPDATE: ApiVersion = ApiVersion(46);

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Upserting {
    #[serde(default)]
    update_only: bool,
}

pub(super) fn router() -> Router<AppState> {
    Router::new().route("/sobjects/{object}/{key}/{value}", any(by_key))
}

/// The parts of a request that all of its ways need.
pub(super) struct Asked<'a> {
    pub(super) state: &'a AppState,
    pub(super) session: &'a Session,
    pub(super) version: ApiVersion,
    pub(super) headers: &'a HeaderMap,
}

#[expect(clippy::too_many_arguments, reason = "each is a part of the request")]
async fn by_key(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    Extension(version): Extension<ApiVersion>,
    Path((object, key, value)): Path<(String, String, String)>,
    Query(selection): Query<Selection>,
    Query(upserting): Query<Upserting>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiErrors> {
    let asked = Asked { state: &state, session: &session, version, headers: &headers };
    let view = state.org.view(&session.user);
    let def = view.object(&object).ok_or_else(ApiError::not_found)?;
    let is_read = method == Method::GET || method == Method::HEAD;
    if password::is_meant(&def, &key, &value) {
        return password::answer(&asked, &method, &key, &body);
    }
    if def.field(&key).is_none() && is_read {
        return of_row(&asked, &view, &def, (&key, &value), &selection).map_err(ApiErrors::from);
    }
    match method {
        Method::PATCH => {
            drop(view);
            upsert(&asked, &def, (&key, &value), &upserting, &body)
        }
        Method::DELETE => {
            let id = only_row(&asked, &view, &def, &key, &value)?;
            drop(view);
            state.org.write(&session.user, |transaction| transaction.delete(&id))?;
            Ok(StatusCode::NO_CONTENT.into_response())
        }
        _ if is_read => {
            let id = match only_row(&asked, &view, &def, &key, &value) {
                Ok(id) => id,
                Err(Unresolved::Several(urls)) => return Ok(several(&urls)),
                Err(unresolved) => return Err(unresolved.into()),
            };
            Ok(read(&view, &def, &id, &selection, version, &headers)?)
        }
        other => Err(ApiError::method_not_allowed(other.as_str(), "HEAD,GET,PATCH,DELETE").into()),
    }
}

/// What hangs on a row: a body, or rows that a relationship leads to.
fn of_row(
    asked: &Asked<'_>,
    view: &View,
    def: &ObjectDef,
    (id, name): (&str, &str),
    selection: &Selection,
) -> Result<Response, ApiError> {
    let row = view.row(def, id).ok_or_else(ApiError::not_found)?;
    match def.field(name).filter(|field| field.kind == FieldType::Base64) {
        Some(field) => files::body(&asked.state.org, &row, field),
        None => related::read(asked, view, def, &row, name, selection),
    }
}

/// Why a key does not lead to one row.
enum Unresolved {
    /// There is no such row.
    Nothing,
    Refused(ApiError),
    /// The urls of all rows that it leads to.
    Several(Vec<String>),
}

impl From<Unresolved> for ApiErrors {
    fn from(unresolved: Unresolved) -> ApiErrors {
        ApiErrors::from(match unresolved {
            Unresolved::Nothing => ApiError::not_found(),
            Unresolved::Refused(error) => error,
            Unresolved::Several(urls) => ApiError::new(
                StatusCode::MULTIPLE_CHOICES,
                "DUPLICATE_EXTERNAL_ID",
                format!("more than one record found for external id field: {urls:?}"),
            ),
        })
    }
}

fn only_row(
    asked: &Asked<'_>,
    view: &View,
    def: &ObjectDef,
    key: &str,
    value: &str,
) -> Result<String, Unresolved> {
    if key.eq_ignore_ascii_case("Id") {
        let row = view.row(def, value).ok_or(Unresolved::Nothing)?;
        return Ok(row.id().to_owned());
    }
    let field = dml::key_field(def, key).map_err(|_| Unresolved::Refused(no_key(key)))?;
    let wanted = validation::value(field, &Json::from(value)).map_err(Unresolved::Refused)?;
    let rows = lookup::rows_with(view.snapshot(), def, field, &wanted);
    let visible: Vec<&str> =
        rows.iter().map(crate::state::Row::id).filter(|id| view.row(def, id).is_some()).collect();
    match visible.as_slice() {
        [] => Err(Unresolved::Nothing),
        [id] => Ok((*id).to_owned()),
        ids => Err(Unresolved::Several(ids.iter().map(|id| row_url(asked, def, id)).collect())),
    }
}

fn row_url(asked: &Asked<'_>, def: &ObjectDef, id: &str) -> String {
    format!("/services/data/v{}/sobjects/{}/{id}", asked.version.text(), def.name)
}

fn several(urls: &[String]) -> Response {
    (StatusCode::MULTIPLE_CHOICES, [(header::CONTENT_TYPE, JSON)], json!(urls).to_string()).into_response()
}

fn upsert(
    asked: &Asked<'_>,
    def: &ObjectDef,
    (key, value): (&str, &str),
    upserting: &Upserting,
    body: &[u8],
) -> Result<Response, ApiErrors> {
    let mut record = parse(body)?;
    let view = asked.state.org.view(&asked.session.user);
    match only_row(asked, &view, def, key, value) {
        Err(Unresolved::Several(urls)) => return Ok(several(&urls)),
        Err(Unresolved::Nothing) if !upserting.update_only && !key.eq_ignore_ascii_case("Id") => {}
        Err(unresolved) => return Err(unresolved.into()),
        Ok(_) => {}
    }
    drop(view);
    let field = def.field(key).map_or(key, |field| field.name.as_str());
    not_given_twice(&record, field)?;
    record.insert(field.to_owned(), Json::from(value));
    let row = dml::Row::new(&def.name, record);
    let verb = Verb::Upsert { by: field.to_owned() };
    let mut outcomes =
        dml::save(&asked.state.org, &asked.session.user, &verb, &[row], &options(asked.headers));
    let saved = outcomes.remove(0).map_err(ApiErrors)?;
    let answer = json!({"id": saved.id, "success": true, "errors": [], "created": saved.created});
    let location = row_url(asked, def, &saved.id);
    let headers =
        [(header::CONTENT_TYPE, JSON.to_str().unwrap_or_default().to_owned()), (header::LOCATION, location)];
    Ok(match saved.created {
        true => (StatusCode::CREATED, headers, answer.to_string()).into_response(),
        false if asked.version >= BODY_ON_UPDATE => {
            ([(header::CONTENT_TYPE, JSON)], answer.to_string()).into_response()
        }
        false => StatusCode::NO_CONTENT.into_response(),
    })
}

/// The key stands in the path and may not stand in the body too.
fn not_given_twice(record: &Map<String, Json>, field: &str) -> Result<(), ApiError> {
    if record.keys().any(|name| name.eq_ignore_ascii_case(field)) {
        let message = format!("The {field} field should not be specified in the sobject data.");
        return Err(ApiError::invalid_field(message));
    }
    Ok(())
}
