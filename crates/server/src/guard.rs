//! What every request passes: an id, the limit of its address, the refusal of what another site sent, and headers.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use holdfast_domain::ErrorCode;
use uuid::Uuid;

use crate::caller::bearer;
use crate::own_address::{OwnAddress, peer};
use crate::problem::{Refusal, Result};
use crate::state::AppState;

/// No page of another site can make a browser send it without asking first, and nobody is told yes.
const OWN_REQUEST: &str = "x-holdfast-request";

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Scripts, styles and pictures come from here and nowhere else; nothing is inline; nobody frames it.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' blob:; font-src 'none'; connect-src 'self'; form-action 'self'; base-uri 'none'; \
    frame-ancestors 'none'";

pub(crate) async fn guard(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let id = Uuid::now_v7().to_string();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let begun = state.engine.clock().now();
    let is_https = OwnAddress::of(request.headers(), &state.options).is_ok_and(|own| own.is_https());
    let mut response = match admit(&state, &request) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    };
    if let Some(refusal) = response.extensions_mut().remove::<Refusal>() {
        let headers = std::mem::take(response.headers_mut());
        response = refusal.into_document(&id);
        // A refusal may still clear a cookie.
        for (name, value) in headers.into_iter().filter_map(|(name, value)| Some((name?, value))) {
            if name == header::SET_COOKIE {
                response.headers_mut().append(name, value);
            }
        }
    }
    let status = response.status().as_u16();
    state.answers.count(status);
    let took_ms = (state.engine.clock().now() - begun).num_milliseconds();
    tracing::debug!(request.id = id, status, took_ms, "{method} {path}");
    add_headers(response.headers_mut(), &path, &id, is_https);
    response
}

fn admit(state: &AppState, request: &Request<Body>) -> Result<()> {
    let origin = peer(request.headers(), request.extensions(), &state.options);
    let address = origin.ip.as_deref().unwrap_or("unknown");
    if !state.limiter.allows(address, state.engine.clock().now()) {
        let title = "too many requests from your address";
        return Err(Refusal::new(ErrorCode::TooManyRequests, title).retry_after(1));
    }
    let is_safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    // A token is never sent by a browser on its own.
    if is_safe || bearer(request.headers()).is_some() {
        return Ok(());
    }
    is_our_own(request.headers(), state)
}

/// A browser's request that changes something must come from a page of ours.
fn is_our_own(headers: &HeaderMap, state: &AppState) -> Result<()> {
    let refused = |title: &'static str| Err(Refusal::new(ErrorCode::ForeignRequest, title));
    if !headers.contains_key(OWN_REQUEST) {
        return refused("the header `X-Holdfast-Request` is missing");
    }
    if headers.get("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none") {
        return refused("the request comes from another site");
    }
    if let Some(origin) = headers.get(header::ORIGIN) {
        let own = OwnAddress::of(headers, &state.options)?.origin();
        if origin.as_bytes() != own.as_bytes() {
            return refused("the request comes from another site");
        }
    }
    Ok(())
}

fn add_headers(headers: &mut HeaderMap, path: &str, id: &str, is_https: bool) {
    let mut add = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    add(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY);
    add(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    add(header::X_FRAME_OPTIONS, "DENY");
    add(header::REFERRER_POLICY, "no-referrer");
    add(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    add(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    add(
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=()",
    );
    if is_https {
        add(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    if path.starts_with("/api/") {
        add(header::CACHE_CONTROL, "no-store");
    }
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, id);
    }
}
