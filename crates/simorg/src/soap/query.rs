//! query, queryAll, queryMore, retrieve and search.

use serde_json::{Map, Value as Json};

use crate::errors::ApiError;
use crate::model::json::exact_numbers;
use crate::model::{FieldDef, ids};
use crate::query::{self, Asked};
use crate::rows::model;
use crate::server::Session;
use crate::xml::Element;

use super::outgoing::Writer;
use super::{Call, Contents, SoapFault, nil, rest};

/// Rows of a page when no `QueryOptions` ask for another number ("Change the Batch Size in Queries", SOAP API Developer Guide).
const DEFAULT_PAGE: usize = 500;
/// The most ids of one `retrieve()`.
const MOST_RETRIEVED: usize = 2000;

pub(super) fn first(call: &Call, all: bool) -> Contents {
    let statement = statement(call.arguments()).unwrap_or_default();
    let page = page(call, statement, all, batch_size(call))?;
    Ok(vec![Writer::new(call)?.page("result", &page)])
}

/// Perl's `SOAP::Lite` gives an argument a name of its own, so a single one is the statement whatever it is called.
fn statement(arguments: &Element) -> Option<&str> {
    let single = || match arguments.children.as_slice() {
        [argument] => Some(argument.text.as_str()),
        _ => None,
    };
    arguments.text_of("queryString").or_else(single)
}

pub(super) fn more(call: &Call) -> Contents {
    let locator = call.arguments().text_of("queryLocator").unwrap_or_default().trim();
    let asked = Asked { session: session(call)?, version: call.version, all: false, page_size: 0 };
    let page = object(&query::later_page(&call.state, &asked, locator)?)?;
    Ok(vec![Writer::new(call)?.page("result", &page)])
}

/// The named fields of the rows with these ids, in their order; nil for a row that is not there.
pub(super) fn retrieve(call: &Call) -> Contents {
    let arguments = call.arguments();
    let name = arguments.text_of("sObjectType").unwrap_or_default().trim();
    let ids: Vec<&str> = arguments.all("ids").map(|id| id.text.trim()).collect();
    if ids.len() > MOST_RETRIEVED {
        let message = format!("exceeded maximum number of ids: {MOST_RETRIEVED}");
        return Err(SoapFault::new("EXCEEDED_ID_LIMIT", message));
    }
    let view = call.state.org.view(call.user()?);
    let def = view.object(name).ok_or_else(|| ApiError::invalid_type(name))?;
    let mut fields: Vec<&FieldDef> = def.field("Id").into_iter().collect();
    for field in arguments.text_of("fieldList").unwrap_or_default().split(',').map(str::trim) {
        let known = def.field(field).ok_or_else(|| no_such_column(field, &def.name))?;
        if !fields.iter().any(|field| field.name == known.name) {
            fields.push(known);
        }
    }
    let wanted: Vec<Option<String>> = ids.iter().map(|id| ids::canonical(id)).collect();
    if let Some(bad) = wanted.iter().position(Option::is_none) {
        let message = format!("{} ID: id value of incorrect type: {}", def.name, ids[bad]);
        return Err(SoapFault::new("MALFORMED_ID", message));
    }
    let writer = Writer::new(call)?;
    let version = call.version.text();
    let mut results = Vec::with_capacity(ids.len());
    for id in wanted.iter().flatten() {
        let row = view.row(&def, id).filter(|row| !row.is_deleted());
        results.push(match row {
            Some(row) => writer.record("result", &object(&model::record(&def, &row, &fields, &version))?),
            None => nil("result"),
        });
    }
    Ok(results)
}

pub(super) fn search(call: &Call) -> Contents {
    let text = call.arguments().text_of("searchString").unwrap_or_default();
    let found = rest::get(call, &format!("/search?q={}", rest::encoded(text)))?;
    let writer = Writer::new(call)?;
    let records = found["searchRecords"].as_array().map(Vec::as_slice).unwrap_or_default();
    let records = records
        .iter()
        .filter_map(Json::as_object)
        .map(|record| Element::new("searchRecords").with(writer.record("record", record)));
    // One search is told from the next by its number, which nothing here reads.
    Ok(vec![Element::new("result").with(Element::leaf("queryId", 0)).with_all(records)])
}

pub(super) fn no_such_column(field: &str, object: &str) -> SoapFault {
    let message = format!(
        "No such column '{field}' on entity '{object}'. If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate names."
    );
    SoapFault::new("INVALID_FIELD", message)
}

fn session(call: &Call) -> Result<Session, SoapFault> {
    Ok(Session { user: call.user()?.clone() })
}

fn page(call: &Call, statement: &str, all: bool, page_size: usize) -> Result<Map<String, Json>, SoapFault> {
    let asked = Asked { session: session(call)?, version: call.version, all, page_size };
    object(&query::page_of(&call.state, &asked, statement)?)
}

fn object(text: &str) -> Result<Map<String, Json>, SoapFault> {
    // Cells of a group have no field to tell a number from a text of digits.
    let is_of_groups = text.contains("{\"type\":\"AggregateResult\"}");
    let exact = if is_of_groups { text.as_bytes().into() } else { exact_numbers(text.as_bytes()) };
    serde_json::from_slice(&exact)
        .map_err(|_| SoapFault::new("UNKNOWN_EXCEPTION", "An unexpected error occurred."))
}

fn batch_size(call: &Call) -> usize {
    call.envelope
        .header("QueryOptions")
        .and_then(|options| options.text_of("batchSize"))
        .and_then(|size| size.trim().parse().ok())
        .unwrap_or(DEFAULT_PAGE)
}
