//! The only place where an HTTP client is built and a request leaves the process.
//!
//! No cookies, no following of redirects to other hosts, no total time limit (a large page takes as
//! long as it takes), but limits on connecting, on waiting for an answer and on silence within one.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use chrono::{DateTime, Utc};
use reqwest::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER,
};
use reqwest::{Method, Response, StatusCode};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use url::Url;

use crate::api_error::ApiError;
use crate::defect::AnswerDefect;
use crate::doing::Doing;
use crate::error::{Error, NoContact};
use crate::meter::{Meter, date, http_date};
use crate::secret::Secret;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Salesforce ends any call after 10 minutes (Developer Limits Quick Reference, "API Request
/// Limits"); until then a query may think without sending a byte.
const ANSWER_TIMEOUT: Duration = Duration::from_mins(11);
/// A peer that vanished is noticed by these, not by the long wait above.
const KEEP_ALIVE: Duration = Duration::from_secs(20);
/// As much of an error's body as may hold Salesforce's words.
const LONGEST_ERROR_BODY: usize = 256 * 1024;
const MOST_REDIRECTS: usize = 3;

/// One request, described so that it can be sent again with another session.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) doing: Doing,
    pub(crate) method: Method,
    /// Path and query, below the instance URL.
    pub(crate) path: String,
    pub(crate) accept: &'static str,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) json: Option<Bytes>,
}

impl Request {
    pub(crate) fn get(doing: Doing, path: impl Into<String>) -> Self {
        let accept = "application/json";
        Self { doing, method: Method::GET, path: path.into(), accept, headers: Vec::new(), json: None }
    }

    pub(crate) fn json(
        doing: Doing,
        method: Method,
        path: impl Into<String>,
        body: &serde_json::Value,
    ) -> Self {
        Self { method, json: Some(body.to_string().into()), ..Self::get(doing, path) }
    }

    pub(crate) fn accept(self, accept: &'static str) -> Self {
        Self { accept, ..self }
    }

    pub(crate) fn header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.push((HeaderName::from_static(name), HeaderValue::from_static(value)));
        self
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Transport {
    http: reqwest::Client,
    permits: Arc<Semaphore>,
    meter: Arc<Meter>,
    idle_timeout: Duration,
}

impl Transport {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that builds an HTTP client for Salesforce"
    )]
    pub(crate) fn new(user_agent: &str, max_concurrent: usize, idle_timeout: Duration) -> Self {
        let http = reqwest::Client::builder()
            .user_agent(user_agent)
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_keepalive(KEEP_ALIVE)
            .tcp_keepalive_interval(KEEP_ALIVE)
            .tcp_keepalive_retries(3)
            .http2_keep_alive_interval(KEEP_ALIVE)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .expect("the options are constants, and rustls with bundled roots needs nothing of the system");
        Self {
            http,
            permits: Arc::new(Semaphore::new(max_concurrent.max(1))),
            meter: Arc::default(),
            idle_timeout,
        }
    }

    pub(crate) fn meter(&self) -> &Meter {
        &self.meter
    }

    /// Waits for one of the client's places. It is given back when the answer's body is dropped.
    pub(crate) async fn permit(&self) -> OwnedSemaphorePermit {
        Arc::clone(&self.permits).acquire_owned().await.expect("the semaphore is never closed")
    }

    /// Sends a request of the integration user; counted, and observed by the meter.
    pub(crate) async fn send(
        &self,
        request: &Request,
        base: &Url,
        token: &Secret,
        permit: OwnedSemaphorePermit,
    ) -> Result<Answer, Error> {
        let bearer = HeaderValue::from_str(&format!("Bearer {}", token.expose()))
            .map(|mut value| {
                value.set_sensitive(true);
                value
            })
            .map_err(|_| Error::BadUrl {
                url: base.to_string(),
                reason: "the access token is no header text",
            })?;
        let url = join(base, &request.path, &request.doing)?;
        self.meter.count_call();
        let answer = self.exchange(request, url, Some(bearer), Some(permit)).await?;
        self.meter.observe(&answer.headers);
        Ok(answer)
    }

    /// Sends a request that needs no session and is not counted by the org.
    pub(crate) async fn send_anonymous(&self, request: &Request, base: &Url) -> Result<Answer, Error> {
        let url = join(base, &request.path, &request.doing)?;
        self.exchange(request, url, None, None).await
    }

    pub(crate) async fn post_form(
        &self,
        doing: Doing,
        url: Url,
        form: &[(&str, &str)],
    ) -> Result<Answer, Error> {
        let host = host_of(&url);
        let sending = self.http.post(url.clone()).header(ACCEPT, "application/json").form(form).send();
        let response = self.await_answer(&doing, &host, sending).await?;
        Ok(self.answer(doing, &url, response, None))
    }

    async fn exchange(
        &self,
        request: &Request,
        mut url: Url,
        bearer: Option<HeaderValue>,
        permit: Option<OwnedSemaphorePermit>,
    ) -> Result<Answer, Error> {
        let doing = &request.doing;
        for _ in 0..=MOST_REDIRECTS {
            let mut builder =
                self.http.request(request.method.clone(), url.clone()).header(ACCEPT, request.accept);
            for (name, value) in &request.headers {
                builder = builder.header(name, value);
            }
            if let Some(bearer) = &bearer {
                builder = builder.header(AUTHORIZATION, bearer);
            }
            if let Some(json) = &request.json {
                builder = builder.header(CONTENT_TYPE, "application/json; charset=UTF-8").body(json.clone());
            }
            let response = self.await_answer(doing, &host_of(&url), builder.send()).await?;
            let Some(to) = redirect_target(&url, &response) else {
                return Ok(self.answer(doing.clone(), &url, response, permit));
            };
            if to.origin() != url.origin() || request.method != Method::GET {
                return Err(Error::Redirected { doing: doing.clone(), to: host_of(&to) });
            }
            url = to;
        }
        Err(Error::Redirected { doing: doing.clone(), to: host_of(&url) })
    }

    async fn await_answer(
        &self,
        doing: &Doing,
        host: &str,
        sending: impl Future<Output = Result<Response, reqwest::Error>>,
    ) -> Result<Response, Error> {
        let silent = |_| Error::Silent {
            doing: doing.clone(),
            host: host.to_owned(),
            seconds: ANSWER_TIMEOUT.as_secs(),
        };
        let answered = tokio::time::timeout(ANSWER_TIMEOUT, sending).await.map_err(silent)?;
        answered.map_err(|error| {
            let reason = NoContact::of(&error);
            // The address may hold a whole query; the host says enough.
            let source = error.without_url();
            Error::Unreachable { doing: doing.clone(), host: host.to_owned(), reason, source }
        })
    }

    fn answer(
        &self,
        doing: Doing,
        url: &Url,
        response: Response,
        permit: Option<OwnedSemaphorePermit>,
    ) -> Answer {
        let (status, headers) = (response.status(), response.headers().clone());
        let host = host_of(url);
        let body = Body { doing, host, response, idle_timeout: self.idle_timeout, _permit: permit };
        Answer { status, headers, body }
    }
}

/// An answer whose headers are here and whose body is still to come.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Reads what an error answer says. A body that breaks off does not hide the status.
    pub(crate) async fn into_api_error(self, token: &str) -> ApiError {
        let (status, wait) = (self.status.as_u16(), retry_after(&self.headers));
        let mut body = self.body;
        let mut text = BytesMut::new();
        while let Ok(Some(chunk)) = body.chunk().await {
            text.extend_from_slice(&chunk);
            if text.len() > LONGEST_ERROR_BODY {
                break;
            }
        }
        ApiError::read(status, &text, wait).without(token)
    }
}

/// The rest of an answer, read piece by piece. Holds one of the client's places until dropped.
#[derive(Debug)]
pub(crate) struct Body {
    doing: Doing,
    host: String,
    response: Response,
    idle_timeout: Duration,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Body {
    pub(crate) fn content_length(&self) -> Option<u64> {
        self.response.content_length()
    }

    /// The next piece; none at the end of a whole body. A body that breaks off is an error.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        match tokio::time::timeout(self.idle_timeout, self.response.chunk()).await {
            Err(_) => Err(Error::Silent {
                doing: self.doing.clone(),
                host: self.host.clone(),
                seconds: self.idle_timeout.as_secs(),
            }),
            Ok(Err(error)) => {
                Err(Error::BrokenOff { doing: self.doing.clone(), source: error.without_url() })
            }
            Ok(Ok(chunk)) => Ok(chunk),
        }
    }

    /// The whole body, for answers that are small by nature.
    pub(crate) async fn read(mut self, limit_bytes: usize) -> Result<Bytes, Error> {
        let mut whole = BytesMut::new();
        while let Some(chunk) = self.chunk().await? {
            if whole.len() + chunk.len() > limit_bytes {
                return Err(self.unreadable(AnswerDefect::TooLarge { limit_bytes }));
            }
            whole.extend_from_slice(&chunk);
        }
        Ok(whole.freeze())
    }

    pub(crate) fn unreadable(&self, source: AnswerDefect) -> Error {
        Error::Unreadable { doing: self.doing.clone(), source }
    }
}

/// Joins a path that an answer or a caller gave to the org's address; anything that would lead the
/// session to another host is refused.
fn join(base: &Url, path: &str, doing: &Doing) -> Result<Url, Error> {
    let foreign =
        || Error::Unreadable { doing: doing.clone(), source: AnswerDefect::ForeignAddress(path.to_owned()) };
    let url = base.join(path).map_err(|_| foreign())?;
    if url.origin() == base.origin() { Ok(url) } else { Err(foreign()) }
}

fn redirect_target(url: &Url, response: &Response) -> Option<Url> {
    let follows = matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308);
    let location = response.headers().get(LOCATION).filter(|_| follows)?.to_str().ok()?;
    url.join(location).ok()
}

/// `Retry-After` is a number of seconds, or a date to be read against the answer's own.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let now: DateTime<Utc> = date(headers)?;
    (http_date(text)? - now).to_std().ok()
}

pub(crate) fn host_of(url: &Url) -> String {
    match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => url.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    ///
    #[test]
    fn no_path_leads_the_session_to_another_host() {
        let base: Url = "https://acme.my.salesforce.com".parse().unwrap();
        let to = |path: &str| join(&base, path, &Doing::NextPage).map(|url| url.to_string());
        assert_eq!(
            to("/services/data/v67.0/query/01g-2000").unwrap(),
            "https://acme.my.salesforce.com/services/data/v67.0/query/01g-2000"
        );
        for path in [
            "https://evil.example/x",
            "//evil.example/x",
            "http://acme.my.salesforce.com/x",
            "\\\\evil.example/x",
        ] {
            assert!(to(path).is_err(), "{path}");
        }
    }

    #[test]
    fn retry_after_is_read_as_seconds_or_as_a_date() {
        let wait = |pairs: &[(&'static str, &str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.insert(*name, value.parse().unwrap());
            }
            retry_after(&headers)
        };
        let date = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(wait(&[("retry-after", "120")]), Some(Duration::from_mins(2)));
        assert_eq!(
            wait(&[date, ("retry-after", "Sun, 06 Nov 1994 08:50:07 GMT")]),
            Some(Duration::from_secs(30))
        );
        assert_eq!(wait(&[date, ("retry-after", "Sun, 06 Nov 1994 08:00:00 GMT")]), None);
        assert_eq!(wait(&[("retry-after", "soon")]), None);
    }
}
