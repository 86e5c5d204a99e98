//! A page for people who drive a demo: what is in the org, who may see it, what it has answered, and the switches used most.

use std::fmt::Write;

use axum::Router;
use axum::extract::{Form, State};
use axum::response::{Html, Redirect};
use axum::routing::{get, post};
use chrono::Duration;
use serde::Deserialize;

use crate::errors::ApiError;
use crate::faults::Fault;
use crate::server::AppState;

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/simorg", get(page))
        .route("/simorg/page/limit", post(limit))
        .route("/simorg/page/clock", post(clock))
        .route("/simorg/page/fault", post(fault))
        .route("/simorg/page/clear-faults", post(clear_faults))
        .route("/simorg/page/visibility", post(visibility))
}

const FORMS: &str = r#"<h2>Switches</h2>
<form method="post" action="/simorg/page/limit">API calls a day: <input name="max" type="number" min="0" required> <button>Set limit</button></form>
<form method="post" action="/simorg/page/clock">Clock ahead by seconds: <input name="seconds" type="number" required> <button>Advance clock</button></form>
<form method="post" action="/simorg/page/fault">Fault as JSON: <input name="fault" size="90" required
 value='{"at":"query","times":1,"effect":{"status":{"status":503,"code":"SERVER_UNAVAILABLE","message":"busy"}}}'> <button>Add fault</button></form>
<form method="post" action="/simorg/page/clear-faults"><button>Clear faults</button></form>
<form method="post" action="/simorg/page/visibility">Object <input name="object" required> of user <input name="username" required>
 <button name="hidden" value="true">Hide</button> <button name="hidden" value="false">Show</button></form>
"#;

async fn page(State(state): State<AppState>) -> Html<String> {
    let org = &state.org;
    let limits = org.limits();
    let mut out = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>simorg</title>\n\
         <style>body{{font-family:sans-serif;margin:2em}}td,th{{text-align:left;padding:.1em 1em .1em 0}}\
         form{{margin:.5em 0}}</style>\n<h1>Org {}</h1>\n\
         <p>It is {} here. {} of {} API calls are used. All switches are in the admin API, see \
         <code>docs/simorg.md</code>: <a href=\"/simorg/stats\">stats</a>, <a href=\"/simorg/users\">users</a>, \
         <a href=\"/simorg/faults\">faults</a>, <a href=\"/simorg/automations\">automations</a>, \
         <a href=\"/simorg/notes\">notes</a>.</p>\n",
        escaped(org.id()),
        org.now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        limits.used(org.now()),
        limits.max(),
    );
    out.push_str(FORMS);
    let faults = org.faults().list();
    let faults = faults.iter().map(|rule| [serde_json::to_string(&rule).unwrap_or_default()]);
    table(&mut out, "Faults", ["rule"], faults);
    let users = org.users();
    let users = users.iter().map(|user| {
        let own = &user.permissions;
        let hidden: Vec<&str> = own.hidden_objects.iter().map(String::as_str).collect();
        let all = if own.view_all_data { "all" } else { "shared" };
        let api = if own.api_enabled { "yes" } else { "no" };
        let fields = own.hidden_fields.len().to_string();
        [user.username.clone(), api.to_owned(), all.to_owned(), hidden.join(", "), fields]
    });
    table(&mut out, "Users", ["user", "API", "sees rows", "hidden objects", "hidden fields"], users);
    let calls = org.calls().into_iter().map(|(route, calls)| [route, calls.to_string()]);
    table(&mut out, "Calls", ["route", "calls"], calls);
    let view = org.admin_view();
    let rows = view.objects().into_iter().filter_map(|def| {
        let all = view.count(&def, true);
        (all > 0).then(|| [def.name.clone(), view.count(&def, false).to_string(), all.to_string()])
    });
    table(&mut out, "Rows", ["object", "live", "with deleted"], rows);
    out.push_str("</html>\n");
    Html(out)
}

fn table<const N: usize>(
    out: &mut String,
    title: &str,
    heads: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
) {
    write!(out, "<h2>{title}</h2>\n<table>").expect("writing to a string");
    line(out, "th", &heads);
    for row in rows {
        line(out, "td", &row);
    }
    out.push_str("</table>\n");
}

fn line(out: &mut String, tag: &str, cells: &[impl AsRef<str>]) {
    out.push_str("<tr>");
    for cell in cells {
        write!(out, "<{tag}>{}</{tag}>", escaped(cell.as_ref())).expect("writing to a string");
    }
    out.push_str("</tr>\n");
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[derive(Deserialize)]
struct Limit {
    max: u64,
}

async fn limit(State(state): State<AppState>, Form(limit): Form<Limit>) -> Redirect {
    state.org.limits().set_max(limit.max);
    back()
}

#[derive(Deserialize)]
struct Ahead {
    seconds: i64,
}

async fn clock(State(state): State<AppState>, Form(ahead): Form<Ahead>) -> Result<Redirect, ApiError> {
    let wrong = || ApiError::bad_request("INVALID_CLOCK", "no clock goes that far");
    state.org.clock().advance(Duration::try_seconds(ahead.seconds).ok_or_else(wrong)?);
    Ok(back())
}

#[derive(Deserialize)]
struct NewFault {
    fault: String,
}

async fn fault(State(state): State<AppState>, Form(new): Form<NewFault>) -> Result<Redirect, ApiError> {
    let fault: Fault = serde_json::from_str(&new.fault)
        .map_err(|error| ApiError::bad_request("INVALID_FAULT", error.to_string()))?;
    if let Some(why) = fault.impossible() {
        return Err(ApiError::bad_request("INVALID_FAULT", why));
    }
    state.org.faults().add(fault);
    Ok(back())
}

async fn clear_faults(State(state): State<AppState>) -> Redirect {
    state.org.faults().clear();
    back()
}

#[derive(Deserialize)]
struct Visibility {
    object: String,
    username: String,
    hidden: bool,
}

async fn visibility(
    State(state): State<AppState>,
    Form(seen): Form<Visibility>,
) -> Result<Redirect, ApiError> {
    let user = state.org.user_by_name(&seen.username).ok_or_else(ApiError::not_found)?;
    let object = state.org.admin_view().object(&seen.object).ok_or_else(ApiError::not_found)?;
    state.org.set_permissions(&user.id, |own| {
        let name = object.name.to_ascii_lowercase();
        if seen.hidden {
            own.hidden_objects.insert(name);
        } else {
            own.hidden_objects.remove(&name);
        }
    });
    Ok(back())
}

fn back() -> Redirect {
    Redirect::to("/simorg/")
}
