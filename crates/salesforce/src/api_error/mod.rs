//! An error that Salesforce answered with: read from any body, classified by its code.
//!
//! Bodies of errors are JSON, XML, HTML, plain text or empty (REST API Developer Guide, "Status Codes
//! and Error Responses"; the last three come from the edge in front of the org). The status is never
//! hidden by a body that cannot be read.

mod kind;

use std::time::Duration;

use holdfast_domain::ErrorCode;
use holdfast_domain::retry::Retry;
use serde::Deserialize;

pub use kind::ApiErrorKind;

/// Queries are echoed in error messages, and may be 100,000 characters long.
const LONGEST_MESSAGE: usize = 1_000;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Salesforce answered `{code}` (status {status}): {message}")]
pub struct ApiError {
    pub status: u16,
    /// Salesforce's code, or `HTTP_503` and the like where the body names none.
    pub code: String,
    pub message: String,
    pub retry_after: Option<Duration>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    #[serde(alias = "statusCode", alias = "exceptionCode", alias = "error")]
    error_code: String,
    #[serde(default, alias = "exceptionMessage", alias = "error_description")]
    message: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum JsonBody {
    Many(Vec<Entry>),
    One(Entry),
}

impl ApiError {
    /// Reads the body of an error answer, whatever it is.
    pub fn read(status: u16, body: &[u8], retry_after: Option<Duration>) -> Self {
        let (code, message) = from_json(body)
            .or_else(|| from_xml(body))
            .unwrap_or_else(|| (format!("HTTP_{status}"), describe_body(body)));
        Self { status, code, message: shorten(&message), retry_after }
    }

    pub fn kind(&self) -> ApiErrorKind {
        ApiErrorKind::of(self.status, &self.code, &self.message)
    }

    pub fn retry(&self) -> Retry {
        match self.kind() {
            ApiErrorKind::Busy => self.retry_after.map_or(Retry::BackOff, Retry::After),
            ApiErrorKind::SessionExpired | ApiErrorKind::CursorLost => Retry::BackOff,
            ApiErrorKind::LimitReached => Retry::WhenLimitMoves,
            ApiErrorKind::TooLarge => Retry::Smaller,
            ApiErrorKind::SessionUnfit
            | ApiErrorKind::PermissionMissing
            | ApiErrorKind::SchemaChanged
            | ApiErrorKind::FilterNeeded
            | ApiErrorKind::BulkUnsupported
            | ApiErrorKind::ObjectUnsupported
            | ApiErrorKind::OutsideReplication
            | ApiErrorKind::NotFound
            | ApiErrorKind::Refused => Retry::Never,
        }
    }

    pub fn error_code(&self) -> ErrorCode {
        match self.kind() {
            ApiErrorKind::SessionExpired | ApiErrorKind::SessionUnfit => ErrorCode::NeedsReauthorisation,
            ApiErrorKind::LimitReached => ErrorCode::ApiLimitReached,
            ApiErrorKind::Busy | ApiErrorKind::TooLarge | ApiErrorKind::CursorLost => ErrorCode::OrgBusy,
            ApiErrorKind::PermissionMissing => ErrorCode::PermissionMissing,
            ApiErrorKind::ObjectUnsupported => ErrorCode::ObjectNotCapturable,
            ApiErrorKind::SchemaChanged
            | ApiErrorKind::FilterNeeded
            | ApiErrorKind::BulkUnsupported
            | ApiErrorKind::OutsideReplication
            | ApiErrorKind::NotFound
            | ApiErrorKind::Refused => ErrorCode::RequestRefused,
        }
    }

    /// The same error without `secret`, should a proxy have echoed the request.
    pub(crate) fn without(mut self, secret: &str) -> Self {
        if !secret.is_empty() && self.message.contains(secret) {
            self.message = self.message.replace(secret, "…");
        }
        self
    }
}

fn from_json(body: &[u8]) -> Option<(String, String)> {
    let entries = match serde_json::from_slice(body).ok()? {
        JsonBody::Many(entries) => entries,
        JsonBody::One(entry) => vec![entry],
    };
    let code = entries.first()?.error_code.clone();
    let messages: Vec<_> = entries.into_iter().filter_map(|entry| entry.message).collect();
    Some((code, messages.join("; ")))
}

fn from_xml(body: &[u8]) -> Option<(String, String)> {
    let text = std::str::from_utf8(body).ok()?;
    let code = element(text, "errorCode").or_else(|| element(text, "exceptionCode"))?;
    let message = element(text, "message").or_else(|| element(text, "exceptionMessage")).unwrap_or_default();
    Some((code.to_owned(), message.to_owned()))
}

fn element<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    let (content, _) = rest.split_once(&format!("</{name}>"))?;
    Some(content)
}

/// Says what a body is that no parser of ours takes, without repeating much of it.
pub(crate) fn describe_body(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let text = text.trim();
    if text.is_empty() {
        return "an empty answer".to_owned();
    }
    if text.starts_with('<') {
        let title = element(text, "title").or_else(|| element(text, "h1")).map(str::trim);
        return match title {
            Some(title) if !title.is_empty() => format!("a page titled `{}`", shorten(title)),
            _ => "a page of HTML or XML".to_owned(),
        };
    }
    text.chars().take(200).collect()
}

/// Keeps the part of a message that says what is wrong: after the echo of the query, if there is one.
fn shorten(message: &str) -> String {
    let telling = match message.find("ERROR at Row") {
        Some(at) if message.len() > LONGEST_MESSAGE => &message[at..],
        _ => message,
    };
    telling.trim().chars().take(LONGEST_MESSAGE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_body_gives_code_and_message() {
        for (body, code, message) in [
            (r#"[{"message":"no","errorCode":"INVALID_TYPE"}]"#, "INVALID_TYPE", "no"),
            (
                r#"[{"statusCode":"MALFORMED_ID","message":"a"},{"statusCode":"X","message":"b"}]"#,
                "MALFORMED_ID",
                "a; b",
            ),
            (r#"{"error":"invalid_grant","error_description":"expired"}"#, "invalid_grant", "expired"),
            (r#"{"error":"invalid_grant"}"#, "invalid_grant", ""),
            ("<Errors><Error><errorCode>X</errorCode><message>m</message></Error></Errors>", "X", "m"),
            (
                "<h1>Bad Message 414</h1><pre>reason: URI Too Long</pre>",
                "HTTP_418",
                "a page titled `Bad Message 414`",
            ),
            ("<html></html>", "HTTP_418", "a page of HTML or XML"),
            ("", "HTTP_418", "an empty answer"),
            ("Bad_Id", "HTTP_418", "Bad_Id"),
            ("{\"a\":1}", "HTTP_418", "{\"a\":1}"),
        ] {
            let error = ApiError::read(418, body.as_bytes(), None);
            assert_eq!((error.code.as_str(), error.message.as_str()), (code, message), "{body}");
        }
    }

    #[test]
    fn a_long_echo_of_the_query_does_not_push_out_the_reason() {
        let echo = "x".repeat(50_000);
        let body = serde_json::json!([{"errorCode": "INVALID_FIELD",
            "message": format!("\nSELECT {echo}\n ^\nERROR at Row:1:Column:8\nNo such column 'Idd'")}]);
        let error = ApiError::read(400, body.to_string().as_bytes(), None);
        assert_eq!(error.message, "ERROR at Row:1:Column:8\nNo such column 'Idd'");
    }

    #[test]
    fn a_wait_that_salesforce_names_is_kept() {
        let wait = Duration::from_secs(7);
        assert_eq!(ApiError::read(503, b"", Some(wait)).retry(), Retry::After(wait));
        assert_eq!(ApiError::read(503, b"", None).retry(), Retry::BackOff);
    }
}
