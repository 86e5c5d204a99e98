//! A stage for browser tests: a simulated org, the service with its console, and a clock that can be moved.
//!
//! Prints one line of JSON: where everything is. The control address takes `POST` with JSON: `/clock {"advance_s": 3660}`,
//! `/org/cut {}`, `/org/mend {}`, `/org/insert {"object": "Account", "record": {…}}`, `/org/update {"object", "id", "record"}`,
//! `/org/delete {"id"}`, `/org/hide {"object"}`, `/org/show {"object"}`. It ends when its standard input does.

use std::io::{Read as _, Write as _};
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::Result;
use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use chrono::{DateTime, TimeDelta, Utc};
use futures::future::BoxFuture;
use holdfast_engine::{Clock, Engine, EngineOptions, EventSink, SystemClock};
use holdfast_server::{ServerOptions, first_owner_address, serve};
use serde_json::{Map, Value, json};
use simorg::{Endpoint, Fault, RunningOrg, SimOrg};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// The machine's time, and how far it was moved.
#[derive(Default)]
struct MovedClock(Mutex<TimeDelta>);

impl Clock for MovedClock {
    fn now(&self) -> DateTime<Utc> {
        SystemClock.now() + *self.0.lock().expect("no code panics while holding this lock")
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        SystemClock.sleep(duration)
    }
}

struct Stage {
    clock: Arc<MovedClock>,
    org: RunningOrg,
}

#[tokio::main]
async fn main() -> Result<()> {
    let records = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(2_000);
    let org = SimOrg::demo(records).start().await?;
    let folder = tempfile::tempdir()?;
    let clock = Arc::new(MovedClock::default());
    let mut options = EngineOptions::new(folder.path());
    options.clock = clock.clone();
    options.settings.round_every = Duration::from_secs(2);
    let engine = Engine::open(options).await?;

    let (console, control) = (listen().await?, listen().await?);
    let base = format!("http://{}", console.local_addr()?).parse()?;
    let facts = json!({
        "console": base,
        "control": format!("http://{}", control.local_addr()?),
        "first_owner": first_owner_address(&engine, &base).await?,
        "org": {
            "url": org.url(), "client_id": org.client_id(), "client_secret": org.client_secret(),
            "username": "admin@simorg.example", "password": "simorg"
        }
    });
    let mut out = std::io::stdout();
    writeln!(out, "{facts}")?;
    out.flush()?;
    let stage = Arc::new(Stage { clock, org });
    tokio::spawn(axum::serve(control, controls(stage)).into_future());
    let stop = CancellationToken::new();
    let http = tokio::spawn(serve(engine.clone(), console, ServerOptions::default(), stop.clone()));
    let (working, cancel) = (engine.clone(), stop.clone());
    let worker = tokio::spawn(async move { working.serve(EventSink::default(), cancel).await });
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await??;
    stop.cancel();
    http.await??;
    worker.await??;
    Ok(())
}

async fn listen() -> std::io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await
}

fn controls(stage: Arc<Stage>) -> Router {
    Router::new()
        .route("/clock", post(move_clock))
        .route("/org/cut", post(cut))
        .route("/org/mend", post(mend))
        .route("/org/insert", post(insert))
        .route("/org/update", post(update))
        .route("/org/delete", post(delete))
        .route("/org/hide", post(hide))
        .route("/org/show", post(show))
        .with_state(stage)
}

async fn move_clock(State(stage): State<Arc<Stage>>, Json(body): Json<Value>) {
    let by = TimeDelta::seconds(body["advance_s"].as_i64().unwrap_or_default());
    *stage.clock.0.lock().expect("no code panics while holding this lock") += by;
}

async fn cut(State(stage): State<Arc<Stage>>) {
    stage.org.faults().add(Fault::status(Endpoint::Any, 503, "SERVER_UNAVAILABLE", "the org is cut off"));
}

async fn mend(State(stage): State<Arc<Stage>>) {
    stage.org.faults().clear();
}

fn text<'a>(body: &'a Value, name: &str) -> &'a str {
    body[name].as_str().unwrap_or_default()
}

fn record(body: &Value) -> Map<String, Value> {
    body["record"].as_object().cloned().unwrap_or_default()
}

async fn insert(State(stage): State<Arc<Stage>>, Json(body): Json<Value>) -> Json<Value> {
    let org = stage.org.org();
    let made = org.write(&org.admin(), |work| work.insert(text(&body, "object"), &record(&body)));
    Json(json!({ "id": made.ok() }))
}

async fn update(State(stage): State<Arc<Stage>>, Json(body): Json<Value>) -> Json<Value> {
    let org = stage.org.org();
    let done =
        org.write(&org.admin(), |work| work.update(text(&body, "object"), text(&body, "id"), &record(&body)));
    Json(json!({ "is_done": done.is_ok() }))
}

async fn delete(State(stage): State<Arc<Stage>>, Json(body): Json<Value>) -> Json<Value> {
    let org = stage.org.org();
    let done = org.write(&org.admin(), |work| work.delete(text(&body, "id")));
    Json(json!({ "is_done": done.is_ok() }))
}

async fn hide(State(stage): State<Arc<Stage>>, Json(body): Json<Value>) {
    let object = text(&body, "object").to_ascii_lowercase();
    let org = stage.org.org();
    org.set_permissions(&org.admin().id, |permissions| {
        permissions.hidden_objects.insert(object);
    });
}

async fn show(State(stage): State<Arc<Stage>>, Json(body): Json<Value>) {
    let object = text(&body, "object").to_ascii_lowercase();
    let org = stage.org.org();
    org.set_permissions(&org.admin().id, |permissions| {
        permissions.hidden_objects.remove(&object);
    });
}
