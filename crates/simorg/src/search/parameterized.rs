//! `parameterizedSearch`: a search given by parameters instead of a SOSL statement.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::http::Uri;
use serde::Deserialize;
use serde_json::Value as Json;

use crate::errors::ApiError;

use super::malformed;
use super::statement::{Group, MAX_ROWS, Returning, Statement, term};

/// The body of a POST ("Parameterized Search", REST API Developer Guide).
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked {
    q: Option<String>,
    #[serde(default)]
    fields: Vec<String>,
    #[serde(default, alias = "sobject")]
    sobjects: Vec<Object>,
    #[serde(rename = "in")]
    group: Option<String>,
    overall_limit: Option<u64>,
    default_limit: Option<u64>,
    #[serde(default)]
    offset: u64,
    #[serde(flatten)]
    others: BTreeMap<String, Json>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Object {
    name: String,
    #[serde(default)]
    fields: Vec<String>,
    limit: Option<u64>,
    #[serde(rename = "where")]
    filter: Option<String>,
    order_by: Option<String>,
}

/// Parameters that change nothing here: spelling is never corrected.
const HARMLESS: [&str; 1] = ["spellCorrection"];

pub(super) fn from_uri(uri: &Uri) -> Result<Statement, ApiError> {
    let mut asked = Asked::default();
    let mut by_object: Vec<(String, String, String)> = Vec::new();
    for (key, value) in url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
        let value = value.into_owned();
        let number = || value.parse().map_err(|_| malformed(format!("{key} must be a number: {value}")));
        match &*key {
            "q" => asked.q = Some(value),
            "fields" => asked.fields = names(&value),
            "sobject" | "sobjects" => {
                asked
                    .sobjects
                    .extend(names(&value).into_iter().map(|name| Object { name, ..Object::default() }));
            }
            "in" => asked.group = Some(value),
            "overallLimit" => asked.overall_limit = Some(number()?),
            "defaultLimit" => asked.default_limit = Some(number()?),
            "offset" => asked.offset = number()?,
            other => match other.split_once('.') {
                Some((object, what)) => by_object.push((object.to_owned(), what.to_owned(), value)),
                None => {
                    asked.others.insert(other.to_owned(), Json::String(value));
                }
            },
        }
    }
    for (name, what, value) in by_object {
        let object = asked.sobjects.iter_mut().find(|object| object.name.eq_ignore_ascii_case(&name));
        let Some(object) = object else {
            return Err(malformed(format!("sobject {name} is not among those that are searched")));
        };
        match what.as_str() {
            "fields" => object.fields = names(&value),
            "where" => object.filter = Some(value),
            "orderBy" => object.order_by = Some(value),
            "limit" => {
                let wrong = |_| malformed(format!("{name}.limit must be a number: {value}"));
                object.limit = Some(value.parse().map_err(wrong)?);
            }
            _ => return Err(ApiError::not_simulated(&format!("parameterizedSearch with {name}.{what}"))),
        }
    }
    statement(asked)
}

pub(super) fn from_body(body: &Bytes) -> Result<Statement, ApiError> {
    let asked = serde_json::from_slice(body).map_err(|error| ApiError::json_parser(error.to_string()))?;
    statement(asked)
}

fn names(list: &str) -> Vec<String> {
    list.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
}

fn statement(asked: Asked) -> Result<Statement, ApiError> {
    if let Some(other) = asked.others.keys().find(|key| !HARMLESS.contains(&key.as_str())) {
        return Err(ApiError::not_simulated(&format!("parameterizedSearch with {other}")));
    }
    let q = asked.q.ok_or_else(|| ApiError::bad_request("MISSING_ARGUMENT", "q is required"))?;
    if asked.sobjects.is_empty() && !asked.fields.is_empty() {
        return Err(malformed("fields can only be given together with sobject"));
    }
    let returning = asked.sobjects.iter().map(|object| {
        let fields = if object.fields.is_empty() { &asked.fields } else { &object.fields };
        let clause =
            |word: &str, text: Option<&str>| text.map_or_else(String::new, |text| format!(" {word} {text}"));
        let limit = object.limit.or(asked.default_limit).map(|limit| limit.to_string());
        let offset = (asked.offset > 0).then(|| asked.offset.to_string());
        let rest = [
            clause("WHERE", object.filter.as_deref()),
            clause("ORDER BY", object.order_by.as_deref()),
            clause("LIMIT", limit.as_deref()),
            clause("OFFSET", offset.as_deref()),
        ];
        Returning::new(&object.name, &fields.join(","), &rest.concat())
    });
    Ok(Statement {
        term: term(&q)?,
        group: asked.group.as_deref().map_or(Ok(Group::All), Group::named)?,
        returning: returning.collect(),
        limit: asked.overall_limit.unwrap_or(MAX_ROWS).min(MAX_ROWS),
    })
}
