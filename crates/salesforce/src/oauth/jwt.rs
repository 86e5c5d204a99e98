//! The signed statement of the JWT bearer flow (RFC 7523, RS256).
//!
//! Its times are taken from the login host's own Date header: a client whose clock is wrong would
//! otherwise be refused, with a message that does not say why.

use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;
use url::Url;

use crate::defect::AnswerDefect;
use crate::doing::Doing;
use crate::error::Error;
use crate::meter::date;
use crate::secret::Secret;
use crate::transport::{Request, Transport};

/// Salesforce takes at most five minutes (Help, "OAuth 2.0 JWT Bearer Flow for Server-to-Server Integration").
const LIFE_SECONDS: i64 = 180;

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    exp: i64,
}

pub(super) async fn login_host_time(transport: &Transport, login_url: &Url) -> Result<DateTime<Utc>, Error> {
    let request = Request::get(Doing::SignIn, "/services/data");
    let answer = transport.send_anonymous(&request, login_url).await?;
    date(&answer.headers).ok_or(Error::Unreadable { doing: Doing::SignIn, source: AnswerDefect::NoDate })
}

pub(super) fn sign(
    key_pem: &Secret,
    client_id: &str,
    username: &str,
    audience: &str,
    now: DateTime<Utc>,
) -> Result<Secret, Error> {
    let unreadable = |source| Error::KeyUnreadable { source };
    let key = EncodingKey::from_rsa_pem(key_pem.expose().as_bytes()).map_err(unreadable)?;
    let claims = Claims { iss: client_id, sub: username, aud: audience, exp: now.timestamp() + LIFE_SECONDS };
    jsonwebtoken::encode(&Header::new(Algorithm::RS256), &claims, &key).map(Secret::new).map_err(unreadable)
}
