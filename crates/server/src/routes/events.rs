//! Live events, sent by the server as they happen.

use std::convert::Infallible;
use std::time::Duration;

use async_stream::stream;
use axum::extract::State;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures::Stream;
use holdfast_domain::OrgId;
use holdfast_domain::access::Right;
use holdfast_engine::access::Caller;
use holdfast_engine::{Event as RunEvent, Live, LiveEvent as EngineEvent};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::broadcast::error::RecvError;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::runs::{counts, files, gap};
use crate::caller::Known;
use crate::extract::Params;
use crate::problem::Result;
use crate::state::AppState;
use crate::types::live::LiveEvent;

/// How often it is looked whether the watcher may still watch.
const LOOK_AGAIN: Duration = Duration::from_secs(30);

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_events))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct OfOrg {
    org_id: Option<String>,
}

/// Live events of the orgs that the caller may view.
#[utoipa::path(get, path = "/api/v1/events", tag = "live", params(OfOrg),
    responses((status = 200, body = LiveEvent, content_type = "text/event-stream")),
    extensions(("x-permission" = json!("member"))))]
async fn list_events(
    State(state): State<AppState>,
    caller: Known,
    Params(OfOrg { org_id }): Params<OfOrg>,
) -> Result<Sse<impl Stream<Item = std::result::Result<Event, Infallible>>>> {
    let org = org_id.map(|org| caller.on(&org, Right::View)).transpose()?;
    Ok(Sse::new(watched(state, caller.0, org)).keep_alive(KeepAlive::default()))
}

/// Ends when the service stops, or when the watcher is no longer allowed; what they may see is looked up again and again.
fn watched(
    state: AppState,
    mut caller: Caller,
    only: Option<OrgId>,
) -> impl Stream<Item = std::result::Result<Event, Infallible>> {
    stream! {
        let mut events = state.engine.live_events();
        let mut look = state.engine.clock().sleep(LOOK_AGAIN);
        loop {
            let told = tokio::select! {
                () = state.stop.cancelled() => break,
                () = &mut look => {
                    look = state.engine.clock().sleep(LOOK_AGAIN);
                    match state.engine.renewed(&caller).await {
                        Ok(Some(renewed)) => caller = renewed,
                        Ok(None) => break,
                        // A catalog that cannot be read says nothing; the next look will.
                        Err(_) => {}
                    }
                    continue;
                }
                told = events.recv() => told,
            };
            let event = match told {
                Ok(event) if is_for(&event, &caller, only.as_ref()) => shown(event),
                Ok(_) => continue,
                Err(RecvError::Lagged(events)) => LiveEvent::Missed { events },
                Err(RecvError::Closed) => break,
            };
            let name = json!(event)["kind"].as_str().unwrap_or_default().to_owned();
            if let Ok(event) = Event::default().event(name).json_data(&event) {
                yield Ok(event);
            }
        }
    }
}

fn is_for(event: &EngineEvent, caller: &Caller, only: Option<&OrgId>) -> bool {
    only.is_none_or(|only| *only == event.org) && caller.rights_on(&event.org).contains(Right::View)
}

fn shown(EngineEvent { org, what }: EngineEvent) -> LiveEvent {
    let org_id = org.to_string();
    match what {
        Live::AutoBackupChanged(state) => LiveEvent::AutoBackupChanged { org_id, state: state.into() },
        Live::OrgChanged => LiveEvent::OrgChanged { org_id },
        Live::Run(event) => of_run(org_id, event),
    }
}

fn of_run(org_id: String, event: RunEvent) -> LiveEvent {
    match event {
        RunEvent::RunStarted { run } => LiveEvent::RunStarted { org_id, run_id: run.to_string() },
        RunEvent::ScopeKnown { objects, not_capturable } => {
            LiveEvent::ScopeKnown { org_id, objects: objects as u64, not_capturable: not_capturable as u64 }
        }
        RunEvent::ObjectPlanned { object, records } => {
            LiveEvent::ObjectPlanned { org_id, object: object.to_string(), records }
        }
        RunEvent::Forecast { api_calls, left } => LiveEvent::Forecast { org_id, api_calls, left },
        RunEvent::SchemaChanged { object, what } => {
            LiveEvent::SchemaChanged { org_id, object: object.to_string(), what }
        }
        RunEvent::BlockProgress { object, records } => {
            LiveEvent::BlockProgress { org_id, object: object.to_string(), records }
        }
        RunEvent::BlockStored { object, records, counts: stored, api_calls } => LiveEvent::BlockStored {
            org_id,
            object: object.to_string(),
            records,
            counts: counts(stored),
            api_calls,
        },
        RunEvent::ObjectDone { object, counts: all } => {
            LiveEvent::ObjectDone { org_id, object: object.to_string(), counts: counts(all) }
        }
        RunEvent::ObjectFailed { object, gap: why } => {
            LiveEvent::ObjectFailed { org_id, object: object.to_string(), failure: gap(why) }
        }
        RunEvent::Retrying { object, attempt, error, pause_ms } => LiveEvent::Retrying {
            org_id,
            object: object.map(|object| object.to_string()),
            attempt: u64::from(attempt),
            error,
            pause_ms,
        },
        RunEvent::FilesProgress { files: so_far } => {
            LiveEvent::FilesProgress { org_id, files: files(so_far) }
        }
        RunEvent::RunFinished { run } => LiveEvent::RunFinished { org_id, run_id: run.to_string() },
    }
}
