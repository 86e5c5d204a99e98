//! The API's documentation as one plain page: no script, nothing from elsewhere.

use std::fmt::Write as _;
use std::sync::LazyLock;

use serde_json::Value;

use crate::api::document;

static PAGE: LazyLock<String> = LazyLock::new(|| written(document()));

pub(crate) fn page() -> &'static str {
    &PAGE
}

fn written(document: &Value) -> String {
    let mut page = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
        <meta name=\"viewport\" content=\"width=device-width\"><title>Holdfast API</title><h1>Holdfast API</h1>"
        .to_owned();
    let about = document["info"]["description"].as_str().unwrap_or_default();
    let _ = write!(page, "<pre>{}</pre>", escaped(about.trim()));
    page.push_str("<p>For programs: <a href=\"/api/openapi.json\">openapi.json</a>.</p>");
    for (path, methods) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in methods.as_object().into_iter().flatten() {
            write_operation(&mut page, path, method, operation);
        }
    }
    page.push_str("<h2>Types</h2>");
    for (name, schema) in document["components"]["schemas"].as_object().into_iter().flatten() {
        let text = serde_json::to_string_pretty(schema).unwrap_or_default();
        let _ = write!(page, "<h3 id=\"{name}\">{name}</h3><pre>{}</pre>", escaped(&text));
    }
    page.push_str("</html>");
    page
}

fn write_operation(page: &mut String, path: &str, method: &str, operation: &Value) {
    let text = |name: &str| operation[name].as_str().unwrap_or_default();
    let _ = write!(
        page,
        "<h2 id=\"{id}\">{method} {path}</h2><p>{summary}</p><p>Operation <code>{id}</code>, needs <code>{needs}</code>.</p><ul>",
        id = escaped(text("operationId")),
        method = method.to_uppercase(),
        path = escaped(path),
        summary = escaped(text("summary")),
        needs = escaped(text("x-permission")),
    );
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let part = |name: &str| escaped(parameter[name].as_str().unwrap_or_default());
        let _ = write!(page, "<li><code>{}</code> ({}) {}", part("name"), part("in"), part("description"));
    }
    for (what, place) in [("Body", &operation["requestBody"]), ("Answer", &operation["responses"])] {
        for name in referred(place).into_iter().filter(|name| name != "Problem") {
            let _ = write!(page, "<li>{what}: <a href=\"#{name}\">{name}</a>");
        }
    }
    page.push_str("</ul>");
}

/// Names of the types in a part of the document.
fn referred(value: &Value) -> Vec<String> {
    match value {
        Value::Object(members) => match members.get("$ref").and_then(Value::as_str) {
            Some(reference) => reference.rsplit('/').next().map(str::to_owned).into_iter().collect(),
            None => members.values().flat_map(referred).collect(),
        },
        Value::Array(items) => items.iter().flat_map(referred).collect(),
        _ => Vec::new(),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
