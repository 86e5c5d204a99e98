//! The pages that a person sees: login, consent, the code of a device, and what went wrong.

use std::fmt::Write;

use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};

use super::app::Form;

pub(super) const WRONG_PASSWORD: &str = "Please check your username and password. If you still can't log in, contact your Salesforce administrator.";

/// What the pages hand on from the request to the decision.
const CARRIED: [&str; 9] = [
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
    "nonce",
    "prompt",
];

pub(super) fn login(form: &Form, complaint: Option<&str>) -> Response {
    let hint = form.get("username").or(form.get("login_hint")).unwrap_or_default();
    let body = format!(
        "<h1>Log In</h1>{}<form method=\"post\" action=\"/services/oauth2/authorize\">\n{}\
         <input type=\"hidden\" name=\"step\" value=\"login\">\n{}<p><button type=\"submit\">Log In</button></p></form>",
        alert(complaint),
        carried(form),
        credentials(hint)
    );
    page("Login | Salesforce", &body)
}

/// Asks a signed-in user to let the app in. `ticket` is proof of the sign-in.
pub(super) fn consent(form: &Form, user: &str, app: &str, scopes: &str, ticket: &str) -> Response {
    let mut list = String::new();
    for scope in scopes.split_whitespace() {
        write!(list, "<li>{}</li>", escaped(means(scope))).expect("writing to a string");
    }
    let body = format!(
        "<h1>Allow Access?</h1><p>{} is asking to:</p><ul>{list}</ul>\
         <p>Do you want to allow access for {}? <a href=\"{}\">Not you?</a></p>\
         <form method=\"post\" action=\"/services/oauth2/authorize\">\n{}<input type=\"hidden\" name=\"ticket\" value=\"{}\">\n\
         <p><button type=\"submit\" name=\"deny\" value=\"1\">Deny</button> \
         <button type=\"submit\" name=\"allow\" value=\"1\">Allow</button></p></form>",
        escaped(app),
        escaped(user),
        escaped(&again(form)),
        carried(form),
        escaped(ticket)
    );
    page("Allow Access? | Salesforce", &body)
}

pub(super) fn device(user_code: &str, complaint: Option<&str>) -> Response {
    let body = format!(
        "<h1>Connect Your Device</h1>{}<form method=\"post\" action=\"/setup/connect\">\n\
         <p><label for=\"user_code\">Code</label> <input id=\"user_code\" name=\"user_code\" value=\"{}\" required></p>\n{}\
         <p><button type=\"submit\" name=\"deny\" value=\"1\">Deny</button> <button type=\"submit\">Connect</button></p></form>",
        alert(complaint),
        escaped(user_code),
        credentials("")
    );
    page("Connect Your Device | Salesforce", &body)
}

pub(super) fn notice(title: &str, text: &str) -> Response {
    page(title, &format!("<h1>{}</h1><p>{}</p>", escaped(title), escaped(text)))
}

/// A refusal that cannot be told to the app.
pub(super) fn error(error: &str, description: &str) -> Response {
    let body = format!(
        "<h1>OAuth Error</h1><p>We can't authorize you because of an OAuth error.</p>\
         <p role=\"alert\">error={}&amp;error_description={}</p>",
        escaped(error),
        escaped(description)
    );
    (StatusCode::BAD_REQUEST, page("OAuth Error | Salesforce", &body)).into_response()
}

fn page(title: &str, body: &str) -> Response {
    Html(format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{}</title></head><body><main>{body}</main></body></html>",
        escaped(title)
    ))
    .into_response()
}

fn credentials(username: &str) -> String {
    format!(
        "<p><label for=\"username\">Username</label> <input id=\"username\" name=\"username\" value=\"{}\" autocomplete=\"username\"></p>\n\
         <p><label for=\"password\">Password</label> <input id=\"password\" name=\"password\" type=\"password\" autocomplete=\"current-password\"></p>\n",
        escaped(username)
    )
}

fn alert(complaint: Option<&str>) -> String {
    complaint.map(|text| format!("<p role=\"alert\">{}</p>", escaped(text))).unwrap_or_default()
}

fn carried(form: &Form) -> String {
    let mut fields = String::new();
    for name in CARRIED {
        if let Some(value) = form.get(name) {
            writeln!(fields, "<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escaped(value))
                .expect("writing to a string");
        }
    }
    fields
}

/// The same request with the login page before it.
fn again(form: &Form) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for name in CARRIED.into_iter().filter(|name| *name != "prompt") {
        if let Some(value) = form.get(name) {
            query.append_pair(name, value);
        }
    }
    query.append_pair("prompt", "login");
    format!("/services/oauth2/authorize?{}", query.finish())
}

fn means(scope: &str) -> &str {
    match scope {
        "api" => "Manage user data via APIs",
        "refresh_token" | "offline_access" => "Perform requests at any time",
        "openid" => "Access unique user identifiers",
        "id" | "profile" | "email" | "address" | "phone" => "Access the identity URL service",
        "web" => "Manage user data via Web browsers",
        "full" => "Full access",
        other => other,
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;")
}
