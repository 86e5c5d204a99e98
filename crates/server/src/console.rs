//! The console: files of `console/dist`, embedded when the binary is built.
//!
//! Every path that is no file is a page of the console, which reads the path itself. A binary that was built before the
//! console says how to build it.

use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use crate::problem::Refusal;

/// Path and content of each file, written by the build script.
const FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/console_files.rs"));

const INDEX: &str = "index.html";

const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><title>Holdfast</title><h1>Holdfast is running</h1>\
    <p>This binary was built without its console. Build it, and then Holdfast again:</p>\
    <pre>scripts/console.sh build\ncargo build -p holdfast</pre>\
    <p>The API is here; <a href=\"/api/docs\">its documentation</a> lists what it can do.</p></html>";

pub(crate) async fn file(request: Request) -> Response {
    let path = request.uri().path().trim_start_matches('/');
    if !matches!(*request.method(), Method::GET | Method::HEAD) || path.starts_with("api/") {
        return Refusal::not_found(format!("there is no `{} {}`", request.method(), request.uri().path()))
            .into_response();
    }
    if let Some(bytes) = embedded(path).filter(|_| path != INDEX) {
        return answer(path, bytes, is_named_by_content(path));
    }
    // A script that is not there must not be answered with a page.
    if path.starts_with("assets/") {
        return Refusal::not_found(format!("there is no file `{path}`")).into_response();
    }
    match embedded(INDEX) {
        Some(bytes) => answer(INDEX, bytes, false),
        None => (StatusCode::OK, Html(NOT_BUILT)).into_response(),
    }
}

fn embedded(path: &str) -> Option<&'static [u8]> {
    FILES.iter().find(|(name, _)| *name == path).map(|(_, bytes)| *bytes)
}

fn answer(path: &str, bytes: &'static [u8], for_ever: bool) -> Response {
    let cache = if for_ever { "public, max-age=31536000, immutable" } else { "no-cache" };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind(path))),
        (header::CACHE_CONTROL, HeaderValue::from_static(cache)),
    ];
    (headers, bytes).into_response()
}

/// The build names what lies in `assets` by a hash of it.
fn is_named_by_content(path: &str) -> bool {
    path.starts_with("assets/")
}

fn kind(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "webmanifest" => "application/manifest+json",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
