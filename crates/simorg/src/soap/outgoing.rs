//! Records as SOAP shows them, made of those that REST shows.
//!
//! The partner API gives every record its type and its id first (nil when it was not selected), then the selected fields
//! in their order, so that a selected id stands twice. The enterprise API has typed records: the id, then the other
//! fields by name, and no nulls.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Number, Value as Json};

use crate::model::value::java_double;
use crate::model::{FieldDef, FieldType, ObjectDef};
use crate::state::View;
use crate::xml::Element;

use super::{Call, ENTERPRISE, SoapFault, XSD, leaf_or_nil, nil};

/// The parts of an address, those of a location first (partner WSDL, type `address`).
const ADDRESS: [&str; 10] = [
    "latitude",
    "longitude",
    "city",
    "country",
    "countryCode",
    "geocodeAccuracy",
    "postalCode",
    "state",
    "stateCode",
    "street",
];

pub(super) struct Writer<'a> {
    call: &'a Call,
    view: View,
    typed: bool,
}

impl<'a> Writer<'a> {
    pub(super) fn new(call: &'a Call) -> Result<Writer<'a>, SoapFault> {
        let view = call.state.org.view(call.user()?);
        Ok(Writer { call, view, typed: call.api.letter == ENTERPRISE.letter })
    }

    /// A page of a query as `QueryResult`.
    pub(super) fn page(&self, name: &str, page: &Map<String, Json>) -> Element {
        let locator =
            page.get("nextRecordsUrl").and_then(Json::as_str).and_then(|url| url.rsplit('/').next());
        let records = page.get("records").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
        let is_top = name == "result";
        let mut result = Element::new(name);
        if !(self.typed && is_top) {
            result = result.attribute("xsi:type", "QueryResult");
        }
        result
            .with(Element::leaf("done", page.get("done") != Some(&Json::Bool(false))))
            .with(leaf_or_nil("queryLocator", locator))
            .with_all(records.iter().filter_map(Json::as_object).map(|record| self.record("records", record)))
            .with(Element::leaf("size", page.get("totalSize").and_then(Json::as_u64).unwrap_or(0)))
    }

    /// One record under this element name.
    pub(super) fn record(&self, name: &str, record: &Map<String, Json>) -> Element {
        let kind = record
            .get("attributes")
            .and_then(|attributes| attributes.get("type"))
            .and_then(Json::as_str)
            .unwrap_or("Name");
        let object = self.view.object(kind);
        let fields = record.iter().filter(|(key, _)| *key != "attributes");
        if self.typed {
            let mut fields: Vec<_> = fields.filter(|(_, value)| !value.is_null()).collect();
            fields.sort_by_key(|(key, _)| (*key != "Id", key.as_str()));
            let elements = fields.into_iter().map(|(key, value)| self.cell(key, value, object.as_deref()));
            return Element::new(name).attribute("xsi:type", &format!("sf:{kind}")).with_all(elements);
        }
        let mut element = Element::new(name).attribute("xsi:type", "sf:sObject");
        if kind == "AggregateResult" {
            element = element.attribute("xmlns:xsd", XSD);
        }
        element
            .with(Element::leaf("sf:type", kind))
            .with(leaf_or_nil("sf:Id", record.get("Id").and_then(Json::as_str)))
            .with_all(fields.map(|(key, value)| {
                if kind == "AggregateResult" {
                    aggregate(key, value)
                } else {
                    self.cell(key, value, object.as_deref())
                }
            }))
    }

    fn cell(&self, key: &str, value: &Json, object: Option<&ObjectDef>) -> Element {
        let name = format!("sf:{key}");
        let field = object.and_then(|object| object.field(key));
        match value {
            Json::Null | Json::Array(_) => nil(&name),
            Json::Bool(value) => Element::leaf(name, value),
            Json::Number(number) => Element::leaf(name, number_text(number)),
            Json::String(text) => Element::leaf(name, self.text(text, field)),
            Json::Object(parts) if parts.contains_key("records") => self.page(&name, parts),
            Json::Object(parts) if parts.contains_key("attributes") => self.record(&name, parts),
            Json::Object(parts) => compound(name, parts),
        }
    }

    fn text(&self, text: &str, field: Option<&FieldDef>) -> String {
        match field.map(|field| field.kind) {
            Some(FieldType::DateTime) => zulu(text),
            Some(FieldType::Base64) => self.body(text).unwrap_or_default(),
            _ => text.to_owned(),
        }
    }

    /// The body behind a path `/services/data/vNN.0/sobjects/Object/id/Field`, which is what REST shows of it.
    fn body(&self, path: &str) -> Option<String> {
        let mut parts = path.rsplit('/');
        let (field, id, object) = (parts.next()?, parts.next()?, parts.next()?);
        let row = self.view.row(&*self.view.object(object)?, id)?;
        let body = self.call.state.org.body(&row, field)?;
        Some(STANDARD.encode(body.whole().ok()?))
    }
}

/// A value of a group, which has no field to tell its type.
fn aggregate(key: &str, value: &Json) -> Element {
    let name = format!("sf:{key}");
    let typed = |kind: &str, text: String| Element::leaf(&name, text).attribute("xsi:type", kind);
    match value {
        Json::Bool(value) => typed("xsd:boolean", value.to_string()),
        Json::Number(number) if number.is_f64() => typed("xsd:double", number_text(number)),
        Json::Number(number) => typed("xsd:int", number_text(number)),
        Json::String(text) if text.ends_with(".000+0000") => typed("xsd:dateTime", zulu(text)),
        Json::String(text) => typed("xsd:string", text.clone()),
        Json::Null | Json::Array(_) | Json::Object(_) => nil(&name),
    }
}

fn compound(name: String, parts: &Map<String, Json>) -> Element {
    let is_address = parts.contains_key("street");
    let (kind, names) = if is_address { ("address", &ADDRESS[..]) } else { ("location", &ADDRESS[..2]) };
    Element::new(name).attribute("xsi:type", kind).with_all(names.iter().map(|part| match parts.get(*part) {
        Some(Json::Number(number)) => Element::leaf(*part, number_text(number)),
        Some(Json::String(text)) => Element::leaf(*part, text),
        _ => nil(part),
    }))
}

/// Whole numbers as they are, others as Java prints a double.
fn number_text(number: &Number) -> String {
    match number.as_f64() {
        Some(value) if number.is_f64() => java_double(&value.to_string()),
        _ => number.to_string(),
    }
}

/// `2024-01-01T00:00:00.000Z` of what REST shows with `+0000`.
pub(super) fn zulu(text: &str) -> String {
    text.strip_suffix("+0000").map_or_else(|| text.to_owned(), |stem| format!("{stem}Z"))
}
