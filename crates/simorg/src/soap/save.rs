//! create, update, upsert, delete and undelete: at most 200 rows, one result for each, in their order.

use crate::dml::{self, Options, Outcome, Row, Verb};
use crate::errors::ApiError;
use crate::xml::Element;

use super::{Call, Contents, SoapFault, incoming, leaf_or_nil};

pub(super) fn create(call: &Call) -> Contents {
    Ok(results(&save(call, &Verb::Insert, &records(call)?)?, false))
}

pub(super) fn update(call: &Call) -> Contents {
    Ok(results(&save(call, &Verb::Update, &records(call)?)?, false))
}

pub(super) fn upsert(call: &Call) -> Contents {
    let by = call.arguments().text_of("externalIDFieldName").unwrap_or_default().trim();
    let by = if by.is_empty() { "Id" } else { by };
    let verb = Verb::Upsert { by: by.to_owned() };
    Ok(results(&save(call, &verb, &records(call)?)?, true))
}

pub(super) fn delete(call: &Call) -> Contents {
    Ok(results(&save(call, &Verb::Delete, &by_id(call)?)?, false))
}

pub(super) fn undelete(call: &Call) -> Contents {
    Ok(results(&save(call, &Verb::Undelete, &by_id(call)?)?, false))
}

/// The ids of a call, if it does not name too many.
///
/// The WSDL calls them `ids`. Toolkits that write the envelope themselves call them `id` (beatbox and its kin), which works too.
pub(super) fn ids(call: &Call) -> Result<Vec<&str>, SoapFault> {
    let arguments = call.arguments();
    let ids: Vec<&str> = arguments.all("ids").chain(arguments.all("id")).map(|id| id.text.trim()).collect();
    not_too_many(ids.len(), dml::MOST_ROWS)?;
    Ok(ids)
}

pub(super) fn not_too_many(rows: usize, most: usize) -> Result<(), SoapFault> {
    if rows <= most {
        return Ok(());
    }
    let message = format!("record limit reached. cannot submit more than {most} records into this call");
    Err(SoapFault::new("EXCEEDED_ID_LIMIT", message))
}

/// One element of a result for each error of a row.
pub(super) fn errors(errors: &[ApiError]) -> impl Iterator<Item = Element> {
    errors.iter().map(|error| {
        let fields = error.fields.iter().flatten().map(|field| Element::leaf("fields", field));
        Element::new("errors")
            .with_all(fields)
            .with(Element::leaf("message", &error.message))
            .with(Element::leaf("statusCode", &error.code))
    })
}

fn by_id(call: &Call) -> Result<Vec<Row>, SoapFault> {
    Ok(ids(call)?.into_iter().map(Row::by_id).collect())
}

fn records(call: &Call) -> Result<Vec<Row>, SoapFault> {
    let elements: Vec<&Element> = call.arguments().all("sObjects").collect();
    not_too_many(elements.len(), dml::MOST_ROWS)?;
    elements.into_iter().map(|element| incoming::row(call, element)).collect()
}

fn save(call: &Call, verb: &Verb, rows: &[Row]) -> Result<Vec<Outcome>, SoapFault> {
    Ok(dml::save(&call.state.org, call.user()?, verb, rows, &options(call)))
}

/// Without their headers, SOAP calls run no assignment rules and save partially.
pub(super) fn options(call: &Call) -> Options {
    let says =
        |header: &str, name: &str| call.envelope.header(header).is_some_and(|header| header.is_true(name));
    let rule = call.envelope.header("AssignmentRuleHeader");
    let names_rule =
        rule.and_then(|rule| rule.text_of("assignmentRuleId")).is_some_and(|id| !id.trim().is_empty());
    Options {
        all_or_none: says("AllOrNoneHeader", "allOrNone"),
        auto_assign: Some(names_rule || says("AssignmentRuleHeader", "useDefaultRule")),
        allow_duplicates: says("DuplicateRuleHeader", "allowSave"),
    }
}

fn results(outcomes: &[Outcome], tells_created: bool) -> Vec<Element> {
    let result = |outcome: &Outcome| {
        let mut result = Element::new("result");
        if tells_created {
            result = result.with(Element::leaf("created", outcome.as_ref().is_ok_and(|saved| saved.created)));
        }
        match outcome {
            Ok(saved) => result.with(Element::leaf("id", &saved.id)).with(Element::leaf("success", true)),
            Err(refused) => result
                .with_all(errors(refused))
                .with(leaf_or_nil("id", None))
                .with(Element::leaf("success", false)),
        }
    };
    outcomes.iter().map(result).collect()
}
