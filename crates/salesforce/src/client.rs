//! One connected org: opening the connection, and sending requests with a session that renews itself.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use holdfast_domain::budget::ApiUsage;
use reqwest::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;
use url::Url;

use crate::api_error::{ApiErrorKind, describe_body};
use crate::credentials::Credentials;
use crate::defect::AnswerDefect;
use crate::doing::Doing;
use crate::error::Error;
use crate::oauth::{GrantHooks, Session, SessionKeeper, check_address};
use crate::transport::{Answer, Request, Transport};

/// The newest API version that this client was written for (Summer '26).
const NEWEST_KNOWN: u32 = 67;
/// The largest JSON document that is read whole: 25 describes of a megabyte each, and room to spare.
pub(crate) const LONGEST_DOCUMENT: usize = 256 * 1024 * 1024;

#[derive(Clone)]
pub struct ClientOptions {
    /// Such as `67.0`; the newest that both sides know unless given.
    pub api_version: Option<String>,
    /// Requests at once. A stream that is not read to its end and not dropped keeps its place, so
    /// who calls the client while reading a stream needs at least two.
    pub max_concurrent: usize,
    pub grant: GrantHooks,
    pub user_agent: String,
    /// How long an answer that has begun may stay silent.
    pub idle_timeout: Duration,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            api_version: None,
            max_concurrent: 8,
            grant: GrantHooks::default(),
            user_agent: concat!("Holdfast/", env!("CARGO_PKG_VERSION")).to_owned(),
            idle_timeout: Duration::from_mins(1),
        }
    }
}

impl ClientOptions {
    pub(crate) fn transport(&self) -> Transport {
        Transport::new(&self.user_agent, self.max_concurrent.min(Semaphore::MAX_PERMITS), self.idle_timeout)
    }
}

/// A connected org. Clones share the session, the places and the counters.
#[derive(Clone)]
pub struct Client {
    transport: Transport,
    sessions: Arc<SessionKeeper>,
    api_version: Arc<str>,
}

#[derive(Deserialize)]
struct OfferedVersion {
    version: String,
}

impl Client {
    /// Signs in and agrees on an API version. `instance_url` is needed with an access token; with
    /// other credentials the org names its own.
    pub async fn connect(
        instance_url: Option<Url>,
        credentials: Credentials,
        options: ClientOptions,
    ) -> Result<Self, Error> {
        let transport = options.transport();
        let instance_url = instance_url.map(|url| check_address(url.as_str())).transpose()?;
        let sessions =
            SessionKeeper::open(transport.clone(), instance_url, credentials, options.grant).await?;
        let offered = offered_versions(&transport, &sessions.current().instance_url).await?;
        let api_version = match options.api_version {
            Some(asked) => asked,
            None => format!(
                "{}.0",
                offered.into_iter().filter(|v| *v <= NEWEST_KNOWN).max().unwrap_or(NEWEST_KNOWN)
            ),
        };
        Ok(Self { transport, sessions: Arc::new(sessions), api_version: api_version.into() })
    }

    /// Where calls go at present; renewing the session may change it.
    pub fn instance_url(&self) -> Url {
        self.sessions.current().instance_url.clone()
    }

    pub fn api_version(&self) -> &str {
        &self.api_version
    }

    /// The newest that the org said of its daily calls.
    pub fn usage(&self) -> Option<ApiUsage> {
        self.transport.meter().usage()
    }

    /// Calls made through this client and its clones that the org counts.
    pub fn calls(&self) -> u64 {
        self.transport.meter().calls()
    }

    /// The org's idea of now.
    pub fn org_clock(&self) -> Option<DateTime<Utc>> {
        self.transport.meter().org_clock()
    }

    /// False if and only if every refresh token that Salesforce gave is stored, and none is being asked for:
    /// otherwise the newest may be known to this client and its clones alone, and end with them.
    pub fn may_hold_unstored_grant(&self) -> bool {
        self.sessions.may_have_unsaved()
    }

    /// The path of a REST resource: `data_path("/limits")`.
    pub(crate) fn data_path(&self, resource: &str) -> String {
        format!("/services/data/v{}{resource}", self.api_version)
    }

    /// Sends a request; answers other than success and "not modified" become errors.
    pub(crate) async fn send(&self, request: &Request) -> Result<Answer, Error> {
        let permit = self.transport.permit().await;
        let session = self.sessions.current();
        let answer = self.transport.send(request, &session.instance_url, &session.token, permit).await?;
        if is_success(answer.status) {
            return Ok(answer);
        }
        let error = answer.into_api_error(session.token.expose()).await;
        if error.kind() != ApiErrorKind::SessionExpired {
            return Err(Error::Api { doing: request.doing.clone(), source: Box::new(error) });
        }
        if !self.sessions.can_renew() {
            return Err(Error::SessionEnded { source: Box::new(error) });
        }
        self.send_renewed(request, &session).await
    }

    /// The one repetition with a new session.
    async fn send_renewed(&self, request: &Request, refused: &Session) -> Result<Answer, Error> {
        let session = self.sessions.renew(refused).await?;
        let permit = self.transport.permit().await;
        let answer = self.transport.send(request, &session.instance_url, &session.token, permit).await?;
        if is_success(answer.status) {
            return Ok(answer);
        }
        let error = answer.into_api_error(session.token.expose()).await;
        Err(Error::Api { doing: request.doing.clone(), source: Box::new(error) })
    }

    /// Sends a request whose answer is a JSON document that is small by nature.
    pub(crate) async fn fetch<T: DeserializeOwned>(&self, request: &Request) -> Result<T, Error> {
        let body = self.send(request).await?.body.read(LONGEST_DOCUMENT).await?;
        parse(&request.doing, &body)
    }
}

fn is_success(status: StatusCode) -> bool {
    status.is_success() || status == StatusCode::NOT_MODIFIED
}

pub(crate) fn parse<T: DeserializeOwned>(doing: &Doing, body: &Bytes) -> Result<T, Error> {
    serde_json::from_slice(body).map_err(|source| {
        let is_page = body.trim_ascii_start().starts_with(b"<") || body.trim_ascii().is_empty();
        let source = if is_page {
            AnswerDefect::WrongShape { what: describe_body(body), expected: "JSON" }
        } else {
            AnswerDefect::Json { source }
        };
        Error::Unreadable { doing: doing.clone(), source }
    })
}

/// The versions that the org speaks. Needs no session, so it also tells whether this is an org at all.
async fn offered_versions(transport: &Transport, instance_url: &Url) -> Result<Vec<u32>, Error> {
    let request = Request::get(Doing::Connect, "/services/data");
    let answer = transport.send_anonymous(&request, instance_url).await?;
    let not_salesforce = |what| Error::NotSalesforce { url: instance_url.to_string(), what };
    if !is_success(answer.status) {
        let error = answer.into_api_error("").await;
        return Err(match error.kind() {
            ApiErrorKind::Busy => Error::Api { doing: Doing::Connect, source: Box::new(error) },
            _ => not_salesforce(format!("{} (status {})", error.message, error.status)),
        });
    }
    transport.meter().observe(&answer.headers);
    let body = answer.body.read(1024 * 1024).await?;
    let offered: Vec<OfferedVersion> =
        serde_json::from_slice(&body).map_err(|_| not_salesforce(describe_body(&body)))?;
    let versions: Vec<u32> =
        offered.iter().filter_map(|offer| offer.version.split_once('.')?.0.parse().ok()).collect();
    if versions.is_empty() {
        Err(not_salesforce("a list without API versions".to_owned()))
    } else {
        Ok(versions)
    }
}
