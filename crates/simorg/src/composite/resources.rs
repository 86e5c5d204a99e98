//! Which resources the parts of a call may name.
//!
//! A composite takes rows and describes of objects, queries and collections ("Send Multiple Requests Using Composite", REST
//! API Developer Guide); a batch takes limits and searches instead of collections ("Composite Batch"). None takes bodies of
//! files, jobs or another composite. The words of the refusal are not documented.

use axum::http::Method;

use crate::errors::ApiError;
use crate::model::{FieldType, ids};
use crate::server::Session;
use crate::state::Org;

/// What kind of call the parts belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Within {
    Composite,
    Batch,
}

/// Refuses a path below `/services/data/vNN.0` that such a call does not take.
pub(super) fn check(org: &Org, session: &Session, within: Within, path: &str) -> Result<(), ApiError> {
    let parts = parts(path);
    let is_taken = match parts.as_slice() {
        ["sobjects", object, _, field] => !is_body(org, session, object, field),
        ["sobjects" | "query" | "queryAll", ..] => true,
        ["composite", "sobjects", ..] => within == Within::Composite,
        ["limits", ..] | ["search"] => within == Within::Batch,
        _ => false,
    };
    if is_taken {
        return Ok(());
    }
    let path = path.split('?').next().unwrap_or_default();
    let message = format!("The resource {path} is not supported in a composite request.");
    Err(ApiError::bad_request("INVALID_INPUT", message))
}

fn is_body(org: &Org, session: &Session, object: &str, field: &str) -> bool {
    let def = org.object(&session.user, object);
    def.is_some_and(|def| def.field(field).is_some_and(|field| field.kind == FieldType::Base64))
}

/// True if and only if at most five of these may be in one composite: queries and collections.
pub(super) fn is_bounded(path: &str) -> bool {
    matches!(parts(path).as_slice(), ["query" | "queryAll", ..] | ["composite", "sobjects", ..])
}

/// True if and only if a graph takes it: `/sobjects/X`, `/sobjects/X/<id>` or `/sobjects/X/<field>/<value>`.
pub(super) fn is_of_graph(method: &str, path: &str) -> bool {
    let is = |methods: &[Method]| methods.iter().any(|known| known.as_str().eq_ignore_ascii_case(method));
    let is_id = |text: &str| text.contains("@{") || ids::canonical(text).is_some();
    match parts(path).as_slice() {
        ["sobjects", _] => is(&[Method::POST]),
        ["sobjects", _, id] => is_id(id) && is(&[Method::GET, Method::PATCH, Method::DELETE]),
        ["sobjects", _, field, _] => {
            !is_id(field)
                && *field != "describe"
                && is(&[Method::GET, Method::PATCH, Method::POST, Method::DELETE])
        }
        _ => false,
    }
}

fn parts(path: &str) -> Vec<&str> {
    path.split('?').next().unwrap_or_default().trim_matches('/').split('/').collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_graph_takes_rows_and_nothing_else() {
        for (method, path, expected) in [
            ("POST", "/sobjects/Account", true),
            ("GET", "/sobjects/Account", false),
            ("PATCH", "/sobjects/Account/001000000000001AAA", true),
            ("GET", "/sobjects/Account/@{a.id}", true),
            ("get", "/sobjects/Account/001000000000001AAA?fields=Name", true),
            ("GET", "/sobjects/Account/describe", false),
            ("PATCH", "/sobjects/Account/Key__c/7", true),
            ("GET", "/sobjects/Account/describe/layouts", false),
            ("GET", "/sobjects/ContentVersion/068000000000001AAA/VersionData", false),
            ("GET", "/sobjects/ContentVersion/@{a.id}/VersionData", false),
            ("GET", "/query?q=x", false),
        ] {
            assert_eq!(is_of_graph(method, path), expected, "{method} {path}");
        }
    }
}
