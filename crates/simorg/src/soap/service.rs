//! What surrounds every SOAP call: reading the request, its version, faults on request, the session, the daily limit.
//!
//! An API gives `serve` a function from the call to what its answer holds; everything else is the same for all of them.

use std::sync::Arc;

use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::io::Read;

use crate::errors::ApiError;
use crate::faults::Effect;
use crate::oauth;
use crate::server::{ApiVersion, AppState, NEWEST_VERSION, OLDEST_VERSION, Outcome, Session, refusal, words};
use crate::state::User;
use crate::xml::Element;

use super::SoapFault;
use super::envelope::{self, Api, Envelope};

/// The largest message ("SOAP API Developer Guide", API usage limits).
const MOST_BYTES: usize = 52_428_800;

/// One call with what surrounds it.
#[derive(Clone)]
pub struct Call {
    pub state: AppState,
    pub api: &'static Api,
    pub version: ApiVersion,
    pub envelope: Envelope,
    /// Where API calls go, without trailing slash.
    pub instance_url: String,
    session: Option<Session>,
}

impl Call {
    pub fn name(&self) -> &str {
        &self.envelope.call.name
    }

    /// The call's element, whose children are the arguments.
    pub fn arguments(&self) -> &Element {
        &self.envelope.call
    }

    /// Who calls. Only `login` is answered without a session, and it asks for none.
    pub fn user(&self) -> Result<&Arc<User>, SoapFault> {
        self.session.as_ref().map(|session| &session.user).ok_or_else(SoapFault::invalid_session)
    }
}

/// What an answer holds below `<callResponse>`.
pub type Contents = Result<Vec<Element>, SoapFault>;

/// Answers one request. `version` is the segment of the path: `67.0` or `v67.0`.
///
/// `work` runs away from the threads that serve connections, so it may take its time.
pub async fn serve(
    state: AppState,
    api: &'static Api,
    version: &str,
    request: Request,
    work: impl FnOnce(&Call) -> Contents + Send + 'static,
) -> Response {
    let path = request.uri().path().to_owned();
    let version = api_version(version);
    let (parts, body) = request.into_parts();
    let read = match to_bytes(body, MOST_BYTES).await {
        Ok(bytes) => read(&parts.headers, &bytes),
        Err(_) => Err(too_large()),
    };
    state.org.note_call(if api.letter == "m" { "metadata" } else { "soap" });
    let object = read.as_ref().ok().and_then(|envelope| object_of(&envelope.call));
    let effect = state.org.faults().http(api.endpoint, &path, object.as_deref());
    let mut answer = match (struck(api, effect.as_ref()), read) {
        (Some(refused), _) => refused,
        (None, Err(fault)) => envelope::fault(api, &fault),
        (None, Ok(envelope)) => {
            let instance_url = oauth::instance_url(&state, &parts.headers);
            match version {
                Ok(version) => {
                    let call = Call { state, api, version, envelope, instance_url, session: None };
                    answered(call, work).await
                }
                Err(fault) => envelope::fault(api, &fault),
            }
        }
    };
    if let Some(effect) = effect {
        answer.extensions_mut().insert(Outcome(effect));
    }
    answer
}

async fn answered(mut call: Call, work: impl FnOnce(&Call) -> Contents + Send + 'static) -> Response {
    let api = call.api;
    let is_login = call.name() == "login";
    if !is_login && let Err(fault) = admit(&mut call) {
        return envelope::fault(api, &fault);
    }
    let state = call.state.clone();
    let name = call.name().to_owned();
    let contents = match tokio::task::spawn_blocking(move || work(&call)).await {
        Ok(contents) => contents,
        Err(_) => Err(SoapFault::new("UNKNOWN_EXCEPTION", "An unexpected error occurred.")),
    };
    match contents {
        Ok(contents) => {
            let limits = state.org.limits();
            let usage = (api.tells_usage && !is_login).then(|| (limits.used(state.org.now()), limits.max()));
            envelope::answer(api, &name, contents, usage)
        }
        Err(fault) => envelope::fault(api, &fault),
    }
}

/// Lets the caller in by the session of the header, and counts the call.
fn admit(call: &mut Call) -> Result<(), SoapFault> {
    let session = call
        .envelope
        .session_id()
        .and_then(|id| oauth::soap_session(&call.state, id, call.version))
        .ok_or_else(SoapFault::invalid_session)?;
    if !session.user.permissions.api_enabled {
        return Err(SoapFault::new("API_CURRENTLY_DISABLED", "API is disabled for this User"));
    }
    call.state.org.count_call()?;
    call.session = Some(session);
    Ok(())
}

fn read(headers: &HeaderMap, body: &[u8]) -> Result<Envelope, SoapFault> {
    // Its value does not matter: the call is told by the body.
    if !headers.contains_key("soapaction") {
        return Err(SoapFault::client("SOAPAction HTTP header missing"));
    }
    let is_gzip = headers.get(header::CONTENT_ENCODING).is_some_and(|encoding| encoding == "gzip");
    if !is_gzip {
        return Envelope::read(body);
    }
    let mut plain = Vec::new();
    let most = u64::try_from(MOST_BYTES).unwrap_or(u64::MAX);
    flate2::read::GzDecoder::new(body)
        .take(most + 1)
        .read_to_end(&mut plain)
        .map_err(|_| SoapFault::client("the body is not gzip"))?;
    if plain.len() > MOST_BYTES { Err(too_large()) } else { Envelope::read(&plain) }
}

fn too_large() -> SoapFault {
    SoapFault::new("EXCEEDED_MAX_SIZE_REQUEST", format!("Maximum size of request reached: {MOST_BYTES}"))
}

fn api_version(text: &str) -> Result<ApiVersion, SoapFault> {
    let number = text.strip_prefix('v').unwrap_or(text);
    let number = number.strip_suffix(".0").unwrap_or(number).parse::<u16>().ok();
    match number {
        Some(version) if (OLDEST_VERSION..=NEWEST_VERSION).contains(&version) => Ok(ApiVersion(version)),
        _ => Err(SoapFault::new("UNSUPPORTED_API_VERSION", "Invalid Api version specified on URL")),
    }
}

/// The object that a call is about, for faults by object.
fn object_of(call: &Element) -> Option<String> {
    let named = |element: &Element| element.text_of("type").map(str::to_owned);
    if let Some(soql) = call.text_of("queryString") {
        let mut words = soql.split_whitespace();
        words.find(|word| word.eq_ignore_ascii_case("from"))?;
        return words.next().map(str::to_owned);
    }
    if let Some(name) = call.text_of("sObjectType") {
        return Some(name.to_owned());
    }
    call.child("sObjects").and_then(named)
}

/// The answer in place of the real one, when a fault refuses the call: as SOAP says it, where it has a SOAP form.
fn struck(api: &Api, effect: Option<&Effect>) -> Option<Response> {
    match effect? {
        Effect::SessionExpired => Some(envelope::fault(api, &SoapFault::invalid_session())),
        Effect::Status { status, code, message, body: crate::faults::BodyKind::Json, .. } => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let (code, message) = words(status, code, message);
            // A refusal with a code of the API is a fault like any other; the rest comes from before the API.
            let fault = SoapFault::from(ApiError::new(status, code, message));
            Some(envelope::fault(api, &SoapFault { status, ..fault }).into_response())
        }
        effect => refusal(Some(effect)),
    }
}
