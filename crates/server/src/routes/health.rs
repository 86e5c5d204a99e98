//! Whether the service lives, whether it can work, and numbers for Prometheus.

use std::fmt::Write as _;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use chrono::{DateTime, Utc};
use holdfast_catalog::connections::ConnectionStatus;
use holdfast_domain::access::Right;
use holdfast_domain::retry::Light;
use holdfast_engine::Engine;
use holdfast_engine::access::Caller;
use holdfast_engine::auto::AutoOverview;
use holdfast_engine::volume::ApiUse;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::caller::Known;
use crate::problem::Result;
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(get_health))
        .routes(routes!(get_readiness))
        .routes(routes!(get_metrics))
}

/// Whether the process answers.
#[utoipa::path(get, path = "/healthz", tag = "live",
    responses((status = 200, body = String, content_type = "text/plain")),
    extensions(("x-permission" = json!("public"))))]
async fn get_health() -> &'static str {
    "ok\n"
}

/// Whether catalog and lake can be reached.
#[utoipa::path(get, path = "/readyz", tag = "live",
    responses((status = 200, body = String, content_type = "text/plain")),
    extensions(("x-permission" = json!("public"))))]
async fn get_readiness(State(engine): State<Engine>) -> (StatusCode, &'static str) {
    match engine.is_ready().await {
        Ok(()) => (StatusCode::OK, "ready\n"),
        Err(error) => {
            tracing::warn!("not ready: {}", holdfast_engine::error::chain(&error));
            (StatusCode::SERVICE_UNAVAILABLE, "not ready; the log says why\n")
        }
    }
}

/// Numbers for Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "live",
    responses((status = 200, body = String, content_type = "text/plain")),
    extensions(("x-permission" = json!("member"))))]
async fn get_metrics(State(state): State<AppState>, Known(caller): Known) -> Result<impl IntoResponse> {
    let text = metrics(&state, &caller).await?;
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text))
}

/// What is told of one org.
struct OrgNumbers {
    overview: AutoOverview,
    api_use: ApiUse,
}

/// A name, what it is, and its value; none if it is not known.
type OrgNumber = (&'static str, &'static str, fn(&OrgNumbers) -> Option<u64>);

const OF_ORGS: [OrgNumber; 12] = [
    ("live_records", "Records that are not deleted.", |org| Some(org.overview.live_records)),
    ("org_is_yellow", "1 if something has been failing for long.", |org| {
        Some(u64::from(org.overview.light == Light::Yellow))
    }),
    ("org_is_connected", "0 if somebody must connect the org again.", |org| {
        Some(u64::from(org.overview.org.connection == ConnectionStatus::Works))
    }),
    ("last_captured_timestamp_seconds", "When an object was last captured.", |org| {
        seconds(org.overview.last_captured_at)
    }),
    (
        "last_verified_timestamp_seconds",
        "When the object was compared by count that was so longest ago.",
        |org| seconds(org.overview.last_verified_at),
    ),
    ("files_pending", "File bodies that are to be fetched.", |org| Some(org.overview.files.pending)),
    ("files_failed", "File bodies that could not be fetched.", |org| Some(org.overview.files.failed)),
    ("org_api_calls_used", "Calls of the org's day by everybody, as the org last said.", |org| {
        org.api_use.usage.map(|usage| usage.used)
    }),
    ("org_api_calls_allowed", "Calls that the org allows in a day.", |org| {
        org.api_use.usage.map(|usage| usage.allowed)
    }),
    ("org_api_budget_percent", "Share of them at which Holdfast stops.", |org| {
        Some(u64::from(org.api_use.budget.percent))
    }),
    ("org_api_budget_is_reached", "1 if Holdfast waits for the day to move on.", |org| {
        Some(u64::from(!org.api_use.budget.permits(org.api_use.usage)))
    }),
    ("org_api_calls_own", "Calls that Holdfast made in the last 24 hours.", |org| {
        Some(org.api_use.own_calls)
    }),
];

fn seconds(at: Option<DateTime<Utc>>) -> Option<u64> {
    at.and_then(|at| u64::try_from(at.timestamp()).ok())
}

/// Of the orgs that the caller may view.
async fn metrics(state: &AppState, caller: &Caller) -> Result<String> {
    let mut text = String::new();
    let mut family = |name: &str, kind: &str, help: &str, samples: Vec<(String, u64)>| {
        let _ = writeln!(text, "# HELP holdfast_{name} {help}\n# TYPE holdfast_{name} {kind}");
        for (labels, value) in samples {
            let _ = writeln!(text, "holdfast_{name}{{{labels}}} {value}");
        }
    };
    let none = String::new;
    let version = format!("version=\"{}\"", env!("CARGO_PKG_VERSION"));
    family("build_info", "gauge", "The version that runs.", vec![(version, 1)]);
    let up = (state.engine.clock().now() - state.started_at).num_seconds();
    let up = u64::try_from(up).unwrap_or_default();
    family("uptime_seconds", "gauge", "Since the service started.", vec![(none(), up)]);
    let is_served = u64::from(state.engine.is_served().await?);
    family(
        "is_served",
        "gauge",
        "1 if some process captures and does the work items.",
        vec![(none(), is_served)],
    );
    let answers = state.answers.by_class().map(|(class, count)| (format!("class=\"{class}xx\""), count));
    family("http_answers_total", "counter", "Answers by class of status.", answers.collect());

    let mut orgs = Vec::new();
    for (org, _) in caller.orgs().filter(|(_, rights)| rights.contains(Right::View)) {
        let overview = state.engine.auto_overview(org.as_str()).await?;
        let api_use = state.engine.api_use(org.as_str()).await?;
        orgs.push((format!("org_id=\"{org}\""), OrgNumbers { overview, api_use }));
    }
    // The name of an org holds nothing that would need to be escaped.
    let info = orgs.iter().map(|(label, org)| (format!("{label},name=\"{}\"", org.overview.org.name), 1));
    family("org_info", "gauge", "What each org is called.", info.collect());
    let objects = orgs.iter().flat_map(|(label, org)| {
        words(&org.overview).map(|(word, count)| (format!("{label},word=\"{word}\""), count))
    });
    family("objects", "gauge", "Objects by the word beside their light.", objects.collect());
    for (name, help, number) in OF_ORGS {
        let samples = orgs.iter().filter_map(|(label, org)| Some((label.clone(), number(org)?)));
        family(name, "gauge", help, samples.collect());
    }
    Ok(text)
}

fn words(overview: &AutoOverview) -> [(&'static str, u64); 5] {
    let words = &overview.words;
    [
        ("running", words.running),
        ("warning", words.warning),
        ("stopped", words.stopped),
        ("paused", words.paused),
        ("waiting", words.waiting),
    ]
}
