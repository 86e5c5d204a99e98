//! Records in the backup: found, and shown with all their versions.

use axum::Json;
use axum::extract::{Path, State};
use holdfast_domain::ObjectName;
use holdfast_domain::access::Right;
use holdfast_domain::change;
use holdfast_engine::Engine;
use holdfast_engine::history;
use holdfast_engine::search::{Matched, RecordPlace, RecordQuery};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::changes::field;
use crate::caller::Known;
use crate::extract::{Params, object_name, record_id};
use crate::page::{Paging, token};
use crate::problem::Result;
use crate::state::AppState;
use crate::types::records::{
    DeletedRecords, FoundRecord, FoundRecordPage, Match, RecordHistory, RecordVersion,
};

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_records)).routes(routes!(get_record))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct RecordsWanted {
    /// An Id, or part of a value; absent lists the records of `object`.
    q: Option<String>,
    /// Absent searches all objects.
    object: Option<String>,
    /// Look only there.
    field: Option<String>,
    deleted: Option<DeletedRecords>,
}

#[derive(Serialize, Deserialize)]
struct PlaceToken(ObjectName, Option<String>);

/// Finds records by Id, name or any value that they have or had, deleted ones included.
#[utoipa::path(get, path = "/api/v1/orgs/{org_id}/records", tag = "records",
    params(("org_id" = String, Path), Paging, RecordsWanted), responses((status = 200, body = FoundRecordPage)),
    extensions(("x-permission" = json!("org:browse"))))]
async fn list_records(
    State(engine): State<Engine>,
    caller: Known,
    Path(org): Path<String>,
    Params(paging): Params<Paging>,
    Params(wanted): Params<RecordsWanted>,
) -> Result<Json<FoundRecordPage>> {
    let id = caller.on(&org, Right::Browse)?;
    let query = RecordQuery {
        text: wanted.q.filter(|text| !text.trim().is_empty()),
        object: wanted.object.as_deref().map(object_name).transpose()?,
        field: wanted.field,
        deleted: wanted.deleted.map(Into::into).unwrap_or_default(),
    };
    let from: Option<PlaceToken> = paging.place()?;
    let from = from.map(|PlaceToken(object, after)| RecordPlace { object, after });
    let page = engine.find_records(id.as_str(), &query, from, paging.limit()? as usize).await?;
    let items = page.records.into_iter().map(|record| FoundRecord {
        object: record.object.to_string(),
        id: record.id,
        name: record.name,
        is_deleted: record.is_deleted,
        modified_at: record.modified_at,
        matched: record.matched.map(|Matched { field, value, is_earlier }| Match {
            field,
            value,
            is_earlier,
        }),
    });
    Ok(Json(FoundRecordPage {
        items: items.collect(),
        object: page.next.as_ref().map(|place| place.object.to_string()),
        next_page: page.next.map(|place| token(&PlaceToken(place.object, place.after))),
        searched: page.searched,
    }))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct VersionsWanted {
    /// Found by the Id if absent.
    object: Option<String>,
    /// Only versions in which it changed.
    field: Option<String>,
}

/// Every version of a record.
#[utoipa::path(get, path = "/api/v1/orgs/{org_id}/records/{record_id}", tag = "records",
    params(("org_id" = String, Path), ("record_id" = String, Path), VersionsWanted),
    responses((status = 200, body = RecordHistory)), extensions(("x-permission" = json!("org:browse"))))]
async fn get_record(
    State(engine): State<Engine>,
    caller: Known,
    Path((org, record)): Path<(String, String)>,
    Params(wanted): Params<VersionsWanted>,
) -> Result<Json<RecordHistory>> {
    let org = caller.on(&org, Right::Browse)?;
    let id = record_id(&record)?;
    let object = match &wanted.object {
        Some(object) => object_name(object)?,
        None => engine.object_of(org.as_str(), &id).await?,
    };
    let versions = engine.history(org.as_str(), &object, &id, None).await?;
    let is_deleted = versions.last().is_some_and(|version| version.change == change::Change::Deleted);
    let name = newest_name(&versions);
    let mut versions: Vec<_> = versions.into_iter().map(version).collect();
    if let Some(field) = &wanted.field {
        versions.retain_mut(|version| {
            version.fields.retain(|change| change.field.eq_ignore_ascii_case(field));
            !version.fields.is_empty()
        });
    }
    Ok(Json(RecordHistory { object: object.to_string(), id: id.to_string(), name, is_deleted, versions }))
}

fn newest_name(versions: &[history::RecordVersion]) -> Option<String> {
    let mut names =
        versions.iter().rev().flat_map(|version| &version.fields).filter(|change| change.field == "Name");
    names.find_map(|change| change.new.clone())
}

fn version(version: history::RecordVersion) -> RecordVersion {
    RecordVersion {
        table_version: version.table_version,
        run_id: version.run.to_string(),
        captured_at: version.captured_at,
        change: version.change.into(),
        stamp: version.stamp,
        modified_by: version.modified_by,
        fields: version.fields.into_iter().map(field).collect(),
    }
}
