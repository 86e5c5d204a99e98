//! Where the service is reached, and from where: by the configuration, by a trusted proxy, or by the request itself.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, header};
use holdfast_engine::access::Origin;
use url::Url;

use crate::problem::{Refusal, Result};
use crate::state::{AppState, ServerOptions};

/// Scheme, host and port under which the browser knows the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OwnAddress(Url);

impl OwnAddress {
    pub(crate) fn of(headers: &HeaderMap, options: &ServerOptions) -> Result<Self> {
        if let Some(url) = &options.public_url {
            return Ok(Self(url.clone()));
        }
        let forwarded = |name: &str| text(headers, name).filter(|_| options.is_behind_proxy);
        let host = forwarded("x-forwarded-host").or_else(|| text(headers, header::HOST.as_str()));
        let host = host.ok_or_else(|| Refusal::bad_input("the request names no host"))?;
        let scheme = forwarded("x-forwarded-proto").filter(|scheme| *scheme == "https").unwrap_or("http");
        let url = format!("{scheme}://{host}/").parse();
        url.map(Self).map_err(|_| Refusal::bad_input("the request names a host that cannot be"))
    }

    pub(crate) fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// As browsers send it: scheme, host and port.
    pub(crate) fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    pub(crate) fn join(&self, path: &str) -> Url {
        self.0.join(path).unwrap_or_else(|_| self.0.clone())
    }
}

impl FromRequestParts<AppState> for OwnAddress {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self> {
        Self::of(&parts.headers, &state.options)
    }
}

/// Who is at the other end of the connection.
pub(crate) struct Peer(pub(crate) Origin);

impl FromRequestParts<AppState> for Peer {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &AppState,
    ) -> std::result::Result<Self, Self::Rejection> {
        Ok(Self(peer(&parts.headers, &parts.extensions, &state.options)))
    }
}

pub(crate) fn peer(headers: &HeaderMap, extensions: &Extensions, options: &ServerOptions) -> Origin {
    let connected =
        extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip().to_string());
    // The last address is the one that our proxy itself saw; those before it anybody can write.
    let forwarded = text(headers, "x-forwarded-for")
        .filter(|_| options.is_behind_proxy)
        .and_then(|list| list.rsplit(',').next())
        .map(|address| address.trim().to_owned());
    Origin {
        ip: forwarded.or(connected),
        user_agent: text(headers, header::USER_AGENT.as_str()).map(str::to_owned),
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
