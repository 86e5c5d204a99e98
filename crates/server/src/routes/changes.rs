//! What differs between two Runs.

use axum::Json;
use axum::extract::{Path, State};
use holdfast_domain::access::Right;
use holdfast_engine::Engine;
use holdfast_engine::changes::Wanted;
use holdfast_engine::history;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::runs::allowed_run;
use crate::caller::Known;
use crate::extract::{Params, object_name, record_id};
use crate::page::{Paging, cut, slice};
use crate::problem::Result;
use crate::state::AppState;
use crate::types::runs::{
    Change, ChangedRecord, ChangedRecordPage, FieldChange, ObjectChanges, ObjectChangesPage,
};

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_changes)).routes(routes!(list_changed_records))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Since {
    /// An earlier run.
    since: Option<String>,
}

/// Per object, what differs between a run and the one before.
#[utoipa::path(get, path = "/api/v1/runs/{run_id}/changes", tag = "runs",
    params(("run_id" = String, Path), Paging, Since), responses((status = 200, body = ObjectChangesPage)),
    extensions(("x-permission" = json!("org:view"))))]
async fn list_changes(
    State(engine): State<Engine>,
    caller: Known,
    Path(id): Path<String>,
    Params(paging): Params<Paging>,
    Params(Since { since }): Params<Since>,
) -> Result<Json<ObjectChangesPage>> {
    let (id, _) = allowed_run(&engine, &caller, &id, Right::View).await?;
    let changes = engine.changes(id.as_str(), None, since.as_deref()).await?;
    let (changes, next_page) = slice(changes, &paging, |changes| changes.object.to_string())?;
    let items = changes.into_iter().map(|changes| ObjectChanges {
        object: changes.object.to_string(),
        new: changes.new,
        changed: changes.changed,
        deleted: changes.deleted,
        undeleted: changes.undeleted,
    });
    Ok(Json(ObjectChangesPage { items: items.collect(), next_page }))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct RecordsWanted {
    object: String,
    since: Option<String>,
    change: Option<Change>,
}

/// The records of one object that differ, field by field.
#[utoipa::path(get, path = "/api/v1/runs/{run_id}/changed_records", tag = "runs",
    params(("run_id" = String, Path), Paging, RecordsWanted), responses((status = 200, body = ChangedRecordPage)),
    extensions(("x-permission" = json!("org:browse"))))]
async fn list_changed_records(
    State(engine): State<Engine>,
    caller: Known,
    Path(id): Path<String>,
    Params(paging): Params<Paging>,
    Params(wanted): Params<RecordsWanted>,
) -> Result<Json<ChangedRecordPage>> {
    let (id, _) = allowed_run(&engine, &caller, &id, Right::Browse).await?;
    let after: Option<String> = paging.place()?;
    let after = after.as_deref().map(record_id).transpose()?;
    let (object, limit) = (object_name(&wanted.object)?, paging.limit()?);
    let records = Wanted { after, change: wanted.change.map(Into::into) };
    let since = wanted.since.as_deref();
    let found =
        engine.changed_records_after(id.as_str(), &object, since, &records, limit as usize + 1).await?;
    let (found, next_page) = cut(found, limit, |record| record.id.to_string());
    let items = found.into_iter().map(|record| ChangedRecord {
        id: record.id.to_string(),
        change: record.change.into(),
        fields: record.fields.into_iter().map(field).collect(),
    });
    Ok(Json(ChangedRecordPage { items: items.collect(), next_page }))
}

pub(super) fn field(change: history::FieldChange) -> FieldChange {
    FieldChange { field: change.field, old: change.old, new: change.new }
}
