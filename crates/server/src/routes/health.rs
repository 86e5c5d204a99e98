//! Whether the service lives, whether it can work, and numbers for Prometheus.

use std::fmt::Write as _;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use holdfast_domain::access::Right;
use holdfast_domain::retry::Light;
use holdfast_engine::Engine;
use holdfast_engine::access::Caller;
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

/// Of the orgs that the caller may view.
async fn metrics(state: &AppState, caller: &Caller) -> Result<String> {
    let mut text = String::new();
    let mut family = |name: &str, kind: &str, help: &str, samples: Vec<(String, String)>| {
        let _ = writeln!(text, "# HELP holdfast_{name} {help}\n# TYPE holdfast_{name} {kind}");
        for (labels, value) in samples {
            let _ = writeln!(text, "holdfast_{name}{{{labels}}} {value}");
        }
    };
    let version = format!("version=\"{}\"", env!("CARGO_PKG_VERSION"));
    family("build_info", "gauge", "The version that runs.", vec![(version, "1".to_owned())]);
    let up = (state.engine.clock().now() - state.started_at).num_seconds();
    family("uptime_seconds", "gauge", "Since the service started.", vec![(String::new(), up.to_string())]);
    let answers =
        state.answers.by_class().map(|(class, count)| (format!("class=\"{class}xx\""), count.to_string()));
    family("http_answers_total", "counter", "Answers by class of status.", answers.collect());
    let (mut objects, mut records, mut lights, mut captured) = (vec![], vec![], vec![], vec![]);
    for (org, rights) in caller.orgs() {
        if !rights.contains(Right::View) {
            continue;
        }
        let overview = state.engine.auto_overview(org.as_str()).await?;
        let label = format!("org_id=\"{org}\"");
        let words = overview.words;
        for (word, count) in [
            ("running", words.running),
            ("warning", words.warning),
            ("stopped", words.stopped),
            ("paused", words.paused),
            ("waiting", words.waiting),
        ] {
            objects.push((format!("{label},word=\"{word}\""), count.to_string()));
        }
        records.push((label.clone(), overview.live_records.to_string()));
        let is_yellow = u8::from(overview.light == Light::Yellow);
        lights.push((label.clone(), is_yellow.to_string()));
        if let Some(at) = overview.last_captured_at {
            captured.push((label, at.timestamp().to_string()));
        }
    }
    family("objects", "gauge", "Objects by the word beside their light.", objects);
    family("live_records", "gauge", "Records that are not deleted.", records);
    family("org_is_yellow", "gauge", "1 if something has been failing for long.", lights);
    family("last_captured_timestamp_seconds", "gauge", "When an object was last captured.", captured);
    Ok(text)
}
