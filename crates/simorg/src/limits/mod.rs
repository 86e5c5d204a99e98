//! `/limits` and `/limits/recordCount`.

use axum::extract::State;
use axum::http::{Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use serde_json::{Map, Value as Json, json};

use crate::errors::{ApiError, JSON};
use crate::model::ObjectKind;
use crate::server::{AppState, Session};

/// Limits of which nothing is used.
const UNUSED: [(&str, u64); 39] = [
    ("AnalyticsExternalDataSizeMB", 40_960),
    ("ConcurrentAsyncGetReportInstances", 200),
    ("ConcurrentEinsteinDataInsightsStoryCreation", 5),
    ("ConcurrentEinsteinDiscoveryStoryCreation", 2),
    ("ConcurrentSyncReportRuns", 20),
    ("DailyAnalyticsDataflowJobExecutions", 60),
    ("DailyAnalyticsUploadedFilesSizeMB", 51_200),
    ("DailyAsyncApexExecutions", 250_000),
    ("DailyAsyncApexTests", 500),
    ("DailyBulkV2QueryFileStorageMB", 976_562),
    ("DailyDeliveredPlatformEvents", 10_000),
    ("DailyDurableGenericStreamingApiEvents", 10_000),
    ("DailyDurableStreamingApiEvents", 10_000),
    ("DailyGenericStreamingApiEvents", 10_000),
    ("DailyMetadataRetrievesWithDependencies", 25),
    ("DailyScratchOrgs", 6),
    ("DailyStandardVolumePlatformEvents", 10_000),
    ("DailyStreamingApiEvents", 10_000),
    ("DailyWorkflowEmails", 1_000),
    ("DurableStreamingApiConcurrentClients", 20),
    ("HourlyAsyncReportRuns", 1_200),
    ("HourlyDashboardRefreshes", 200),
    ("HourlyDashboardResults", 5_000),
    ("HourlyDashboardStatuses", 999_999_999),
    ("HourlyLongTermIdMapping", 100_000),
    ("HourlyODataCallout", 1_000),
    ("HourlyPublishedPlatformEvents", 50_000),
    ("HourlyPublishedStandardVolumePlatformEvents", 1_000),
    ("HourlyShortTermIdMapping", 100_000),
    ("HourlySyncReportRuns", 500),
    ("HourlyTimeBasedWorkflow", 1_000),
    ("MassEmail", 5_000),
    ("MonthlyPlatformEventsUsageEntitlement", 0),
    ("Package2VersionCreates", 6),
    ("Package2VersionCreatesWithoutValidation", 500),
    ("PrivateConnectOutboundCalloutHourlyLimitMB", 0),
    ("PublishCallbackUsageInApex", 5_242_880),
    ("SingleEmail", 5_000),
    ("StreamingApiConcurrentClients", 20),
];

/// Query jobs per 24 hours (Bulk API 2.0, "Limits").
pub(crate) const MAX_QUERY_JOBS: u64 = 10_000;
/// Batches of rows per 24 hours, of both Bulk APIs (Bulk API, "Limits").
pub(crate) const MAX_BATCHES: u64 = 15_000;
const MAX_DOCUMENTS: u64 = 30_000_000;
/// Each record counts 2 KB, whatever its size.
const DATA_STORAGE_MB: u64 = 10_240;
const FILE_STORAGE_MB: u64 = 10_240;
const MB: u64 = 1024 * 1024;

pub fn router() -> Router<AppState> {
    Router::new().route("/limits", get(limits)).route("/limits/recordCount", get(record_count))
}

/// Needs View Setup and Configuration, and the storage Manage Users ("Limits", REST API Developer Guide).
async fn limits(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
) -> Result<Response, ApiError> {
    if !session.user.permissions.holds("ViewSetup") {
        return Err(ApiError::insufficient_access(
            "The user needs the permission View Setup and Configuration.",
        ));
    }
    let now = state.org.now();
    let mut list: Map<String, Json> =
        UNUSED.iter().map(|(name, max)| ((*name).to_owned(), pair(*max, 0))).collect();
    let calls = state.org.limits();
    list.insert("DailyApiRequests".to_owned(), pair(calls.max(), calls.used(now)));
    list.insert(
        "DailyBulkV2QueryJobs".to_owned(),
        pair(MAX_QUERY_JOBS, state.bulk2.created_since(now - chrono::Duration::days(1))),
    );
    let batches = state.bulk2.batches_since(now - chrono::Duration::days(1));
    list.insert("DailyBulkApiBatches".to_owned(), pair(MAX_BATCHES, batches));
    let view = state.org.admin_view();
    let rows: u64 = view.objects().iter().map(|object| view.count(object, false)).sum();
    list.insert("DataStorageMB".to_owned(), pair(DATA_STORAGE_MB, rows * 2 / 1024));
    list.insert("FileStorageMB".to_owned(), pair(FILE_STORAGE_MB, state.org.blobs().size() / MB));
    let documents = view.object("ContentDocument").map_or(0, |object| view.count(&object, true));
    list.insert("MaxContentDocumentsLimit".to_owned(), pair(MAX_DOCUMENTS, documents));
    list.insert(
        "PermissionSets".to_owned(),
        json!({"Max": 1500, "Remaining": 1500, "CreateCustom": {"Max": 1000, "Remaining": 1000}}),
    );
    if !session.user.permissions.holds("ManageUsers") {
        list.remove("DataStorageMB");
        list.remove("FileStorageMB");
    }
    list.sort_keys();
    Ok(answer(&Json::Object(list)))
}

fn pair(max: u64, used: u64) -> Json {
    json!({"Max": max, "Remaining": max.saturating_sub(used)})
}

/// An estimate on the platform, exact here, and silent about the same objects: Share, History, Feed, hidden ones.
async fn record_count(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    uri: Uri,
) -> Response {
    let view = state.org.view(&session.user);
    let asked: Vec<String> = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
        .filter(|(key, _)| key == "sObjects")
        .flat_map(|(_, names)| names.split(',').map(|name| name.trim().to_owned()).collect::<Vec<_>>())
        .filter(|name| !name.is_empty())
        .collect();
    let objects = if asked.is_empty() {
        view.objects()
    } else {
        asked.iter().filter_map(|name| view.object(name)).collect()
    };
    let whole = state.org.admin_view();
    let counts: Vec<Json> = objects
        .iter()
        .filter(|object| object.flags.queryable)
        .filter(|object| {
            !matches!(
                object.kind,
                ObjectKind::Share | ObjectKind::History | ObjectKind::Feed | ObjectKind::ChangeEvent
            )
        })
        .map(|object| json!({"count": whole.count(object, false), "name": object.name}))
        .collect();
    answer(&json!({"sObjects": counts}))
}

fn answer(body: &Json) -> Response {
    ([(header::CONTENT_TYPE, JSON)], body.to_string()).into_response()
}
