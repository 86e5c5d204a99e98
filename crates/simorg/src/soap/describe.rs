//! describeGlobal, describeSObject and describeSObjects, made of REST's describes.
//!
//! Elements stand in the order of the WSDL, which is that of the alphabet. An element that the WSDL lets be absent is left
//! out when it is null or, for most flags, false.

use serde_json::Value as Json;

use crate::errors::ApiError;
use crate::server::ApiVersion;
use crate::xml::Element;

use super::{Call, Contents, SoapFault, XSD, nil, rest};

/// The most objects of one call.
const MOST_OBJECTS: usize = 100;
/// The first version whose describes tell associated and interface objects.
const FIRST_WITH_ASSOCIATES: ApiVersion = ApiVersion(50);

/// Keys of an object that REST has and SOAP has not.
const REST_ONLY: [&str; 4] = ["urls", "listviewable", "lookupLayoutable", "sobjectDescribeOption"];
const OF_ASSOCIATES: [&str; 4] =
    ["associateEntityType", "associateParentEntity", "extendedBy", "extendsInterfaces"];
/// Flags that stand there only when they are set.
const ONLY_WHEN_TRUE: [&str; 10] = [
    "cascadeDelete",
    "dependentPicklist",
    "displayLocationInDecimal",
    "encrypted",
    "externalId",
    "formulaTreatNullNumberAsZero",
    "highScaleNumber",
    "htmlFormatted",
    "restrictedDelete",
    "writeRequiresMasterRead",
];
/// Elements that must stand there though they may be nil.
const NILLABLE: [&str; 1] = ["keyPrefix"];

pub(super) fn global(call: &Call) -> Contents {
    let found = rest::get(call, "/sobjects")?;
    let objects = found["sobjects"].as_array().map(Vec::as_slice).unwrap_or_default();
    Ok(vec![
        Element::new("result")
            .with(Element::leaf("encoding", "UTF-8"))
            .with(Element::leaf("maxBatchSize", 200))
            .with_all(objects.iter().map(|object| element("sobjects", object, call.version))),
    ])
}

pub(super) fn one(call: &Call) -> Contents {
    let name = call.arguments().text_of("sObjectType").unwrap_or_default();
    Ok(vec![described(call, name.trim())?])
}

pub(super) fn several(call: &Call) -> Contents {
    let names: Vec<&str> = call.arguments().all("sObjectType").map(|name| name.text.trim()).collect();
    if names.len() > MOST_OBJECTS {
        let message = format!("describeSObjects takes at most {MOST_OBJECTS} objects");
        return Err(SoapFault::new("EXCEEDED_MAX_SOBJECTS", message));
    }
    names.into_iter().map(|name| described(call, name)).collect()
}

fn described(call: &Call, name: &str) -> Result<Element, SoapFault> {
    if call.state.org.object(call.user()?, name).is_none() {
        return Err(ApiError::invalid_type(name).into());
    }
    let found = rest::get(call, &format!("/sobjects/{}/describe", rest::encoded(name)))?;
    let mut result = element("result", &found, call.version);
    let base = &call.instance_url;
    if let Some(prefix) = found["keyPrefix"].as_str().filter(|_| found["layoutable"] == true) {
        result = result
            .with(Element::leaf("urlDetail", format!("{base}/{{ID}}")))
            .with(Element::leaf("urlEdit", format!("{base}/{{ID}}/e")))
            .with(Element::leaf("urlNew", format!("{base}/{prefix}/e")));
    }
    Ok(result)
}

/// A JSON object as an element with one child for each key that SOAP shows.
fn element(name: &str, value: &Json, version: ApiVersion) -> Element {
    let mut element = Element::new(name);
    let Json::Object(entries) = value else { return element };
    let mut entries: Vec<_> = entries.iter().collect();
    entries.sort_by_key(|(key, _)| key.as_str());
    for (key, value) in entries {
        let is_hidden = REST_ONLY.contains(&key.as_str())
            || (version < FIRST_WITH_ASSOCIATES && OF_ASSOCIATES.contains(&key.as_str()));
        if name == "fields" && key == "defaultValue" {
            element = element.with_all(default_value(value));
        } else if !is_hidden {
            element = element.with_all(children(key, value, version));
        }
    }
    element
}

/// The default of a field may be of any type, so it says which; typed clients read no value without.
fn default_value(value: &Json) -> Option<Element> {
    let (kind, text) = match value {
        Json::Bool(flag) => ("xsd:boolean", flag.to_string()),
        Json::Number(number) => ("xsd:double", number.to_string()),
        Json::String(text) => ("xsd:string", text.clone()),
        Json::Null | Json::Array(_) | Json::Object(_) => return None,
    };
    let value = Element::leaf("defaultValue", text).attribute("xmlns:xsd", XSD).attribute("xsi:type", kind);
    Some(value)
}

fn children(key: &str, value: &Json, version: ApiVersion) -> Vec<Element> {
    match value {
        Json::Null if NILLABLE.contains(&key) => vec![nil(key)],
        Json::Null => Vec::new(),
        Json::Bool(false) if ONLY_WHEN_TRUE.contains(&key) => Vec::new(),
        Json::Bool(flag) => vec![Element::leaf(key, flag)],
        Json::Number(number) => vec![Element::leaf(key, number)],
        Json::String(text) => vec![Element::leaf(key, text)],
        Json::Array(items) => items.iter().flat_map(|item| children(key, item, version)).collect(),
        Json::Object(_) => vec![element(key, value, version)],
    }
}
