//! Whether all that is captured is complete, and what is not captured at all: one sentence, the same wherever it is told.

use std::fmt::Write as _;

use holdfast_catalog::object_lists::{self, ObjectTotals};
use holdfast_domain::OrgId;
use serde::Serialize;

use crate::capture::ACKNOWLEDGED;
use crate::engine::Engine;
use crate::error::{Doing, Result};

/// How complete an org's backup is now, as far as it was seen without asking the org.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Completeness {
    /// Objects whose first capture is done.
    pub objects_captured: u64,
    /// Of those, the ones whose count was found equal to the org's, and that do not fail at present.
    pub objects_verified: u64,
    /// Objects whose first capture is still to come, or goes on.
    pub objects_to_come: u64,
    /// Objects that cannot be read, or not any more.
    pub objects_not_captured: u64,
    /// Fields that were captured and are no longer visible.
    pub fields_not_captured: u64,
    /// All of this in a sentence.
    pub words: String,
}

impl Engine {
    /// None as long as nothing was captured.
    pub async fn completeness(&self, org: &str) -> Result<Option<Completeness>> {
        let org = self.find_org(org).await?;
        let totals = object_lists::totals(self.catalog().db(), &org.id, i64::MIN).await;
        self.completeness_of(&org.id, &totals.doing(|| "add up the objects".to_owned())?).await
    }

    pub(crate) async fn completeness_of(
        &self,
        org: &OrgId,
        totals: &ObjectTotals,
    ) -> Result<Option<Completeness>> {
        if totals.caught_up == 0 {
            return Ok(None);
        }
        let stopped = object_lists::count_stopped(self.catalog().db(), org, ACKNOWLEDGED).await;
        let stopped = stopped.doing(|| "count what is not captured".to_owned())?;
        Ok(Some(Completeness::new(totals, stopped)))
    }
}

impl Completeness {
    fn new(totals: &ObjectTotals, stopped: u64) -> Self {
        let mut new = Self {
            objects_captured: totals.caught_up,
            objects_verified: totals.verified,
            objects_to_come: totals.objects.saturating_sub(totals.caught_up),
            objects_not_captured: stopped,
            fields_not_captured: totals.gone_fields,
            words: String::new(),
        };
        new.words = new.to_words();
        new
    }

    fn to_words(&self) -> String {
        let Self { objects_captured: captured, objects_verified: verified, .. } = *self;
        let mut words = match (verified == captured, captured) {
            (true, 1) => "the one captured object is verified complete".to_owned(),
            (true, _) => format!("all {captured} captured objects are verified complete"),
            (false, _) => {
                format!("{verified} of {} are verified complete", counted(captured, "captured object"))
            }
        };
        if self.objects_to_come > 0 {
            let _ = write!(words, "; {} still to come", counted(self.objects_to_come, "object"));
        }
        let (objects, fields) = (self.objects_not_captured, self.fields_not_captured);
        let missing: Vec<_> = [(objects, "object"), (fields, "field")]
            .into_iter()
            .filter(|(number, _)| *number > 0)
            .map(|(number, noun)| counted(number, noun))
            .collect();
        if !missing.is_empty() {
            let verb = if objects + fields == 1 { "is" } else { "are" };
            let _ = write!(words, "; {} {verb} not captured (see coverage)", missing.join(" and "));
        }
        words
    }
}

fn counted(number: u64, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(caught_up: u64, verified: u64, objects: u64, stopped: u64, gone_fields: u64) -> String {
        let totals = ObjectTotals { objects, caught_up, verified, gone_fields, ..ObjectTotals::default() };
        Completeness::new(&totals, stopped).words
    }

    #[test]
    fn what_is_missing_stands_beside_what_is_complete() {
        assert_eq!(
            words(21, 21, 21, 3, 1),
            "all 21 captured objects are verified complete; 3 objects and 1 field are not captured (see coverage)"
        );
        assert_eq!(words(21, 21, 21, 0, 0), "all 21 captured objects are verified complete");
        assert_eq!(
            words(21, 18, 25, 0, 1),
            "18 of 21 captured objects are verified complete; 4 objects still to come; 1 field is not captured (see coverage)"
        );
        assert_eq!(words(1, 1, 1, 0, 0), "the one captured object is verified complete");
    }
}
