//! emptyRecycleBin, merge and convertLead.

use crate::errors::ApiError;
use crate::model::ids;
use crate::xml::Element;

use super::save::{self, errors};
use super::{Call, Contents, SoapFault, leaf_or_nil};

/// Rows leave the recycle bin for good, with what went there along with them.
pub(super) fn empty_recycle_bin(call: &Call) -> Contents {
    let user = call.user()?;
    let results = save::ids(call)?.into_iter().map(|id| {
        let purged = in_bin(call, id).and_then(|full| {
            call.state.org.write(user, |transaction| transaction.purge(&full))?;
            Ok(full)
        });
        let result = Element::new("result");
        match purged {
            Ok(full) => result.with(Element::leaf("id", full)).with(Element::leaf("success", true)),
            Err(error) => result
                .with_all(errors(&[error]))
                .with(leaf_or_nil("id", None))
                .with(Element::leaf("success", false)),
        }
    });
    Ok(results.collect())
}

pub(super) fn merge(_: &Call) -> Contents {
    Err(SoapFault::not_simulated("the SOAP call merge"))
}

pub(super) fn convert_lead(_: &Call) -> Contents {
    Err(SoapFault::not_simulated("the SOAP call convertLead"))
}

/// The full id of a row that lies in the recycle bin.
fn in_bin(call: &Call, id: &str) -> Result<String, ApiError> {
    let refused = |code: &str, message: &str| ApiError::record(code, message, Vec::<String>::new());
    let full = ids::canonical(id).ok_or_else(|| refused("MALFORMED_ID", &format!("bad id {id}")))?;
    let view = call.state.org.admin_view();
    let row = view.object_of_id(&full).and_then(|def| view.row(&def, &full));
    match row {
        Some(row) if row.is_deleted() => Ok(full),
        _ => Err(refused("INVALID_ID_FIELD", "Invalid record id; no recycle bin entry found")),
    }
}
