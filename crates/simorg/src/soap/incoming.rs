//! Records as SOAP callers send them.
//!
//! The partner API names the type in an element `type`, the enterprise API in `xsi:type`; both are read on either path.
//! A field is set to null by `fieldsToNull` only: a nil element says nothing.

use serde_json::{Map, Value as Json};

use crate::dml::Row;
use crate::errors::{ApiError, JSON_PARSER_ERROR};
use crate::model::{FieldDef, FieldType, ObjectDef};
use crate::state::validation;
use crate::xml::Element;

use super::query::no_such_column;
use super::{Call, SoapFault};

pub(super) fn row(call: &Call, element: &Element) -> Result<Row, SoapFault> {
    let view = call.state.org.view(call.user()?);
    let name = type_of(element)
        .ok_or_else(|| SoapFault::new("INVALID_TYPE", "Must send a concrete entity type."))?;
    let def = view.object(name).ok_or_else(|| ApiError::invalid_type(name))?;
    let truncates = call
        .envelope
        .header("AllowFieldTruncationHeader")
        .is_some_and(|header| header.is_true("allowFieldTruncation"));
    let mut record = Map::new();
    for child in &element.children {
        match child.name.as_str() {
            "type" => {}
            "fieldsToNull" => {
                let name = child.text.trim();
                let field = def.field(name).ok_or_else(|| no_such_column(name, &def.name))?;
                record.insert(field.name.clone(), Json::Null);
            }
            // Some clients send an empty one first, as they were sent one.
            "Id" if child.text.trim().is_empty() => {}
            "Id" => {
                record.insert("Id".to_owned(), Json::from(child.text.trim()));
            }
            _ if child.is_nil() => {}
            _ => {
                let (name, value) = cell(&def, child, truncates)?;
                record.insert(name, value);
            }
        }
    }
    Ok(Row::new(&def.name, record))
}

fn type_of(element: &Element) -> Option<&str> {
    let named = element.text_of("type").map(str::trim).filter(|name| !name.is_empty());
    let typed = || {
        let kind = element.attribute_value("type")?;
        Some(kind.rsplit_once(':').map_or(kind, |(_, local)| local)).filter(|kind| *kind != "sObject")
    };
    named.or_else(typed)
}

fn cell(def: &ObjectDef, element: &Element, truncates: bool) -> Result<(String, Json), SoapFault> {
    if let Some(field) = def.field(&element.name) {
        let json = value(field, &element.text, truncates)?;
        readable(field, &json, &element.text)?;
        return Ok((field.name.clone(), json));
    }
    let relationship = def
        .relationship(&element.name)
        .and_then(|field| field.relationship_name.clone())
        .ok_or_else(|| no_such_column(&element.name, &def.name))?;
    // A parent, named by an external id of its own.
    let mut parent = Map::new();
    for child in element.children.iter().filter(|child| !child.is_nil()) {
        match child.name.as_str() {
            "type" => {
                parent.insert("attributes".to_owned(), serde_json::json!({"type": child.text.trim()}));
            }
            "Id" if child.text.trim().is_empty() => {}
            name => {
                parent.insert(name.to_owned(), Json::from(child.text.as_str()));
            }
        }
    }
    Ok((relationship, Json::Object(parent)))
}

/// SOAP refuses a value that is of no use to its field while it reads the call.
fn readable(field: &FieldDef, json: &Json, text: &str) -> Result<(), SoapFault> {
    match validation::value(field, json) {
        Err(error) if error.code == JSON_PARSER_ERROR && field.kind != FieldType::Base64 => {
            Err(not_of_type(text.trim(), field))
        }
        _ => Ok(()),
    }
}

fn not_of_type(text: &str, field: &FieldDef) -> SoapFault {
    SoapFault::client(format!("'{text}' is not a valid value for the type {}", field.kind.soap_type()))
}

fn value(field: &FieldDef, text: &str, truncates: bool) -> Result<Json, SoapFault> {
    if field.kind.is_text() || field.kind == FieldType::Base64 {
        if text.is_empty() {
            return Ok(Json::Null);
        }
        let most = usize::try_from(field.length).unwrap_or(usize::MAX);
        let kept: String = if truncates && field.kind.is_text() && most > 0 {
            text.chars().take(most).collect()
        } else {
            text.to_owned()
        };
        return Ok(Json::from(kept));
    }
    let text = text.trim();
    if text.is_empty() && matches!(field.kind, FieldType::Reference | FieldType::AnyType) {
        return Ok(Json::Null);
    }
    if text.is_empty() {
        return Err(not_of_type(text, field));
    }
    Ok(match (field.kind, text) {
        (FieldType::Boolean, "true" | "1") => Json::Bool(true),
        (FieldType::Boolean, "false" | "0") => Json::Bool(false),
        // A date may come with a zone, which does not move it.
        (FieldType::Date, text) => Json::from(text.get(..10).unwrap_or(text)),
        (_, text) => Json::from(text),
    })
}
