//! getDeleted and getUpdated.

use chrono::NaiveDateTime;
use serde_json::Value as Json;

use crate::errors::ApiError;
use crate::xml::Element;

use super::outgoing::zulu;
use super::{Call, Contents, SoapFault, rest};

pub(super) fn deleted(call: &Call) -> Contents {
    let found = ask(call, "deleted")?;
    let rows = found["deletedRecords"].as_array().map(Vec::as_slice).unwrap_or_default();
    let rows = rows.iter().map(|row| {
        Element::new("deletedRecords")
            .with(time(row, "deletedDate"))
            .with(Element::leaf("id", text(row, "id")))
    });
    Ok(vec![
        Element::new("result")
            .with_all(rows)
            .with(time(&found, "earliestDateAvailable"))
            .with(time(&found, "latestDateCovered")),
    ])
}

pub(super) fn updated(call: &Call) -> Contents {
    let found = ask(call, "updated")?;
    let ids = found["ids"].as_array().map(Vec::as_slice).unwrap_or_default();
    let ids = ids.iter().filter_map(Json::as_str).map(|id| Element::leaf("ids", id));
    Ok(vec![Element::new("result").with_all(ids).with(time(&found, "latestDateCovered"))])
}

fn ask(call: &Call, what: &str) -> Result<Json, SoapFault> {
    let argument = |name: &str| call.arguments().text_of(name).unwrap_or_default().trim();
    let object = argument("sObjectType");
    // REST does not know an unknown object's path; SOAP refuses its type.
    if call.state.org.object(call.user()?, object).is_none() {
        return Err(ApiError::invalid_type(object).into());
    }
    let path = format!(
        "/sobjects/{}/{what}?start={}&end={}",
        rest::encoded(object),
        rest::encoded(&zoned(argument("startDate"))),
        rest::encoded(&zoned(argument("endDate")))
    );
    rest::get(call, &path)
}

/// A time with its zone, which XML may leave out ("XML Schema Part 2: Datatypes", dateTime); it is that of UTC then.
fn zoned(time: &str) -> String {
    let has_none = NaiveDateTime::parse_from_str(time, "%Y-%m-%dT%H:%M:%S%.f").is_ok();
    if has_none { format!("{time}Z") } else { time.to_owned() }
}

fn text<'a>(found: &'a Json, key: &str) -> &'a str {
    found[key].as_str().unwrap_or_default()
}

fn time(found: &Json, key: &str) -> Element {
    Element::leaf(key, zulu(text(found, key)))
}
