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

/// The look of all pages; they load nothing from elsewhere. The button that the Enter key presses comes first in each form.
const STYLE: &str = include_str!("page.css");

pub(super) fn login(form: &Form, complaint: Option<&str>) -> Response {
    let hint = form.get("username").or(form.get("login_hint")).unwrap_or_default();
    let body = format!(
        "<h1>Log In</h1>\n<p class=\"lead\">to go on to <strong>{}</strong></p>\n{}\
         <form method=\"post\" action=\"/services/oauth2/authorize\">\n{}\
         <input type=\"hidden\" name=\"step\" value=\"login\">\n{}\
         <div class=\"actions\"><button type=\"submit\">Log In</button></div>\n</form>",
        escaped(form.get("client_id").unwrap_or("the app")),
        alert(complaint),
        carried(form),
        credentials(hint, complaint.is_some())
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
        "<h1>Allow Access?</h1>\n<p class=\"lead\"><strong>{}</strong> is asking to:</p>\n<ul>{list}</ul>\n\
         <p>Do you want to allow access for {}? <a href=\"{}\">Not you?</a></p>\n\
         <form method=\"post\" action=\"/services/oauth2/authorize\">\n{}<input type=\"hidden\" name=\"ticket\" value=\"{}\">\n\
         <div class=\"actions\"><button type=\"submit\" name=\"allow\" value=\"1\">Allow</button>\n\
         <button type=\"submit\" name=\"deny\" value=\"1\">Deny</button></div>\n</form>",
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
        "<h1>Connect Your Device</h1>\n<p class=\"lead\">Enter the code that your device shows.</p>\n{}\
         <form method=\"post\" action=\"/setup/connect\">\n\
         <label for=\"user_code\">Code</label>\n\
         <input id=\"user_code\" class=\"code\" name=\"user_code\" value=\"{}\" autocomplete=\"one-time-code\" required>\n{}\
         <div class=\"actions\"><button type=\"submit\">Connect</button>\n\
         <button type=\"submit\" name=\"deny\" value=\"1\">Deny</button></div>\n</form>",
        alert(complaint),
        escaped(user_code),
        credentials("", complaint.is_some())
    );
    page("Connect Your Device | Salesforce", &body)
}

pub(super) fn notice(title: &str, text: &str) -> Response {
    page(title, &format!("<h1>{}</h1>\n<p class=\"lead\">{}</p>", escaped(title), escaped(text)))
}

/// A refusal that cannot be told to the app.
pub(super) fn error(error: &str, description: &str) -> Response {
    let body = format!(
        "<h1>OAuth Error</h1>\n<p class=\"lead\">We can't authorize you because of an OAuth error.</p>\n\
         <p role=\"alert\">error={}&amp;error_description={}</p>",
        escaped(error),
        escaped(description)
    );
    (StatusCode::BAD_REQUEST, page("OAuth Error | Salesforce", &body)).into_response()
}

fn page(title: &str, body: &str) -> Response {
    Html(format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{}</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n\
         <footer>A simulated org by simorg. Nothing here reaches Salesforce.</footer>\n</body>\n</html>\n",
        escaped(title)
    ))
    .into_response()
}

fn credentials(username: &str, is_wrong: bool) -> String {
    let state = if is_wrong { " aria-invalid=\"true\"" } else { "" };
    format!(
        "<label for=\"username\">Username</label>\n\
         <input id=\"username\" name=\"username\" value=\"{}\" autocomplete=\"username\" autocapitalize=\"none\" spellcheck=\"false\"{state}>\n\
         <label for=\"password\">Password</label>\n\
         <input id=\"password\" name=\"password\" type=\"password\" autocomplete=\"current-password\"{state}>\n",
        escaped(username)
    )
}

fn alert(complaint: Option<&str>) -> String {
    complaint.map(|text| format!("<p role=\"alert\">{}</p>\n", escaped(text))).unwrap_or_default()
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
