//! emptyRecycleBin, merge and convertLead.

use serde_json::Value as Json;

use crate::dml::{self, Row};
use crate::errors::ApiError;
use crate::model::ids;
use crate::state::{Conversion, Converted, Merged, Transaction};
use crate::xml::Element;

use super::save::{self, errors};
use super::{Call, Contents, SoapFault, incoming, leaf_or_nil};

/// The most leads of one `convertLead` (SOAP API Developer Guide, on the call).
const MOST_CONVERSIONS: usize = 100;

/// Rows leave the recycle bin for good, with what went there along with them.
pub(super) fn empty_recycle_bin(call: &Call) -> Contents {
    let ids = save::ids(call)?;
    let outcomes = each(call, &ids, |transaction, id| {
        let full = ids::canonical(id).ok_or_else(|| malformed(id))?;
        transaction.empty_bin(&full)?;
        Ok(full)
    })?;
    let result = |outcome: Outcome<String>| match outcome {
        Ok(full) => {
            Element::new("result").with(Element::leaf("id", full)).with(Element::leaf("success", true))
        }
        Err(refused) => Element::new("result")
            .with_all(errors(&refused))
            .with(leaf_or_nil("id", None))
            .with(Element::leaf("success", false)),
    };
    Ok(outcomes.into_iter().map(result).collect())
}

fn malformed(id: &str) -> ApiError {
    ApiError::record("MALFORMED_ID", format!("bad id {id}"), Vec::<String>::new())
}

/// One record of a request keeps what hung on the others.
pub(super) fn merge(call: &Call) -> Contents {
    // The WSDL says `request`, jsforce `mergeRequests`: there are no other arguments.
    let requests: Vec<&Element> = call.arguments().children.iter().collect();
    save::not_too_many(requests.len(), dml::MOST_ROWS)?;
    let requests: Vec<(Row, Vec<String>)> = requests
        .into_iter()
        .map(|request| {
            let none = Element::default();
            let master = incoming::row(call, request.child("masterRecord").unwrap_or(&none))?;
            let losers = request.all("recordToMergeIds").map(|id| id.text.trim().to_owned()).collect();
            Ok((master, losers))
        })
        .collect::<Result<_, SoapFault>>()?;
    let outcomes = each(call, &requests, |transaction, (master, losers)| {
        let mut fields = master.record.clone();
        let id = fields.shift_remove("Id");
        transaction.merge(id.as_ref().and_then(Json::as_str).unwrap_or_default(), &fields, losers)
    })?;
    Ok(outcomes.into_iter().map(merged).collect())
}

fn merged(outcome: Outcome<Merged>) -> Element {
    let leaves =
        |name: &'static str, ids: Vec<String>| ids.into_iter().map(move |id| Element::leaf(name, id));
    match outcome {
        Ok(done) => Element::new("result")
            .with(Element::leaf("id", done.master))
            .with_all(leaves("mergedRecordIds", done.losers))
            .with(Element::leaf("success", true))
            .with_all(leaves("updatedRelatedIds", done.moved)),
        Err(refused) => Element::new("result")
            .with_all(errors(&refused))
            .with(leaf_or_nil("id", None))
            .with(Element::leaf("success", false)),
    }
}

/// Leads become accounts, contacts and opportunities.
pub(super) fn convert_lead(call: &Call) -> Contents {
    const NOT_PLAYED: [&str; 3] = ["accountRecord", "contactRecord", "opportunityRecord"];
    let wanted: Vec<&Element> = call.arguments().all("leadConverts").collect();
    save::not_too_many(wanted.len(), MOST_CONVERSIONS)?;
    if let Some(name) =
        NOT_PLAYED.iter().find(|name| wanted.iter().any(|lead| lead.child(name).is_some_and(|c| !c.is_nil())))
    {
        return Err(SoapFault::not_simulated(&format!("{name} of the SOAP call convertLead")));
    }
    let outcomes = each(call, &wanted, |transaction, lead| transaction.convert_lead(&conversion(lead)))?;
    Ok(outcomes.into_iter().map(converted).collect())
}

fn conversion(lead: &Element) -> Conversion {
    let text =
        |name: &str| lead.text_of(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    Conversion {
        lead: text("leadId").unwrap_or_default(),
        converted_status: text("convertedStatus"),
        account: text("accountId"),
        contact: text("contactId"),
        opportunity_name: text("opportunityName"),
        do_not_create_opportunity: lead.is_true("doNotCreateOpportunity"),
        owner: text("ownerId"),
    }
}

fn converted(outcome: Outcome<Converted>) -> Element {
    let (done, refused) = match outcome {
        Ok(done) => (Some(done), Vec::new()),
        Err(refused) => (None, refused),
    };
    let id = |of: fn(&Converted) -> &str| done.as_ref().map(of);
    let opportunity = done.as_ref().and_then(|done| done.opportunity.as_deref());
    Element::new("result")
        .with(leaf_or_nil("accountId", id(|done| &done.account)))
        .with(leaf_or_nil("contactId", id(|done| &done.contact)))
        .with_all(errors(&refused))
        .with(leaf_or_nil("leadId", id(|done| &done.lead)))
        .with(leaf_or_nil("opportunityId", opportunity))
        .with(Element::leaf("success", refused.is_empty()))
}

type Outcome<R> = Result<R, Vec<ApiError>>;

/// Does the same with each item, in one transaction. A refused one leaves nothing behind; with `AllOrNoneHeader` the
/// others do neither.
fn each<T, R>(
    call: &Call,
    items: &[T],
    work: impl Fn(&mut Transaction<'_>, &T) -> Result<R, ApiError>,
) -> Result<Vec<Outcome<R>>, SoapFault> {
    let all_or_none = save::options(call).all_or_none;
    Ok(call.state.org.transact(call.user()?, |transaction| {
        let mut outcomes: Vec<Outcome<R>> = items
            .iter()
            .map(|item| {
                transaction
                    .attempt(|transaction| work(transaction, item))
                    .map_err(|error| vec![of_row(error)])
            })
            .collect();
        let undone = all_or_none && outcomes.iter().any(Result::is_err);
        if undone {
            for outcome in outcomes.iter_mut().filter(|outcome| outcome.is_ok()) {
                *outcome = Err(vec![dml::rolled_back()]);
            }
        }
        (outcomes, !undone)
    }))
}

/// A row that is not there has no url that could not be found.
fn of_row(error: ApiError) -> ApiError {
    if error.code != "NOT_FOUND" {
        return error;
    }
    ApiError::record("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", Vec::<String>::new())
}
