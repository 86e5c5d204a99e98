//! A cheap look at many Objects: how many records they have, and the newest stamp.
//!
//! Five Objects for one API call, so that a Run over Objects in which nothing changed costs little; and for none
//! where a call that describes other Objects takes the question along.

use holdfast_domain::ObjectName;
use holdfast_domain::capture::window::{OrgSecond, WindowPolicy};
use holdfast_domain::value::timestamp_us;
use holdfast_salesforce::{self as salesforce, ApiError, QUERIES_PER_CALL, QueryValues};
use serde_json::{Map, Value};

use super::context::RunContext;
use super::object_run::Described;
use super::select;
use crate::error::{Doing, Result};

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Probe {
    pub(crate) live: u64,
    pub(crate) deleted: u64,
    pub(crate) newest: Option<OrgSecond>,
    /// False where the Object has no stamp that may be aggregated: then counts alone say too little.
    pub(crate) knows_newest: bool,
}

impl Probe {
    /// True if and only if nothing can have changed since the Watermark: as many records as we
    /// hold, and no stamp as new as what the next window would read.
    pub(crate) fn is_quiet(&self, live_held: u64, watermark: OrgSecond, policy: &WindowPolicy) -> bool {
        let is_recent = self.newest.is_some_and(|newest| policy.is_recent(newest, watermark));
        self.knows_newest && self.live == live_held && !is_recent
    }
}

/// What is known of an Object's probe.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Asked {
    #[default]
    NotYet,
    /// The org refused; the Object is read without one.
    Refused,
    Told(Probe),
}

impl Asked {
    pub(crate) fn probe(self) -> Option<Probe> {
        match self {
            Self::Told(probe) => Some(probe),
            Self::NotYet | Self::Refused => None,
        }
    }
}

/// What the probe is asked about.
pub(crate) struct Question<'a> {
    pub(crate) described: &'a Described,
    pub(crate) stamp: Option<&'a str>,
}

impl Question<'_> {
    /// The query, which looks at all records.
    pub(crate) fn query(&self) -> (String, bool) {
        (select::probe(&self.described.schema, self.stamp), true)
    }

    pub(crate) fn read(&self, answer: Result<QueryValues, ApiError>) -> Asked {
        answer.map_or(Asked::Refused, |values| Asked::Told(read(&values.records, self.knows_newest())))
    }

    fn knows_newest(&self) -> bool {
        let stamp = self.stamp.and_then(|stamp| self.described.schema.field(stamp));
        stamp.is_some_and(|field| field.aggregatable)
    }
}

/// One answer per question.
pub(crate) async fn ask(ctx: &RunContext, questions: &[Question<'_>]) -> Result<Vec<Asked>> {
    let queries: Vec<(String, bool)> = questions.iter().map(Question::query).collect();
    let mut probes = Vec::with_capacity(queries.len());
    // A chunk a call, so that a failure repeats one call and not all of them.
    for (chunk, asked) in queries.chunks(QUERIES_PER_CALL).zip(questions.chunks(QUERIES_PER_CALL)) {
        let ask = || async {
            let answers = ctx.client.composite_query(chunk).await;
            answers.doing(|| format!("count the records of {} objects", chunk.len()))
        };
        let answers = ctx.attempt(None, ask).await?;
        probes.extend(answers.into_iter().zip(asked).map(|(answer, question)| question.read(answer)));
    }
    Ok(probes)
}

/// How many records the filter finds, deleted ones included unless it says otherwise.
pub(crate) async fn count(ctx: &RunContext, object: &ObjectName, filter: Option<&str>) -> Result<u64> {
    let filter = filter.map_or_else(String::new, |filter| format!(" WHERE {filter}"));
    let queries = [(format!("SELECT COUNT() FROM {object}{filter}"), true)];
    let doing = || format!("count the records of `{object}`");
    let ask = || async {
        let answers = ctx.client.composite_query(&queries).await.doing(doing)?;
        let answer = answers.into_iter().next().expect("one answer for one query");
        let refused =
            |error| salesforce::Error::Api { doing: salesforce::Doing::Query, source: Box::new(error) };
        Ok(answer.map_err(refused).doing(doing)?.total)
    };
    ctx.attempt(Some(object), ask).await
}

fn read(groups: &[Map<String, Value>], knows_newest: bool) -> Probe {
    let mut probe = Probe { knows_newest, ..Probe::default() };
    for group in groups {
        let records = group.get("records").and_then(Value::as_u64).unwrap_or_default();
        if group.get("IsDeleted").and_then(Value::as_bool).unwrap_or_default() {
            probe.deleted += records;
        } else {
            probe.live += records;
        }
        let newest = group.get("newest").and_then(Value::as_str);
        let newest = newest.and_then(|text| {
            let kind = holdfast_domain::schema::FieldKind::DateTime;
            timestamp_us(&holdfast_domain::value::canonical(&kind, text))
        });
        probe.newest = probe.newest.max(newest.map(OrgSecond::from_us));
    }
    probe
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(json: &str) -> Map<String, Value> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn groups_become_one_probe() {
        let probe = read(
            &[
                group(r#"{"IsDeleted":false,"records":7,"newest":"2026-01-01T00:00:05.000+0000"}"#),
                group(r#"{"IsDeleted":true,"records":2,"newest":"2026-01-01T00:00:09.000+0000"}"#),
            ],
            true,
        );
        let newest = Some(OrgSecond(1_767_225_609));
        assert_eq!(probe, Probe { live: 7, deleted: 2, newest, knows_newest: true });
    }

    #[test]
    fn quiet_means_same_count_and_nothing_recent() {
        let policy = WindowPolicy::default();
        let watermark = OrgSecond(10_000);
        let quiet = Probe { live: 7, deleted: 0, newest: Some(OrgSecond(9_000)), knows_newest: true };
        assert!(quiet.is_quiet(7, watermark, &policy));
        assert!(!quiet.is_quiet(8, watermark, &policy));
        assert!(!Probe { newest: Some(OrgSecond(9_500)), ..quiet }.is_quiet(7, watermark, &policy));
        assert!(!Probe { knows_newest: false, ..quiet }.is_quiet(7, watermark, &policy));
    }
}
