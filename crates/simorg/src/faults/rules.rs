//! The rules and their bookkeeping.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

/// Where a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    Any,
    Query,
    QueryAll,
    NextPage,
    BulkCreate,
    BulkStatus,
    BulkResults,
    /// Abort and delete of a Bulk job.
    BulkClose,
    IngestCreate,
    IngestUpload,
    IngestStatus,
    IngestResults,
    /// Upload complete, abort and delete of an ingest job.
    IngestClose,
    /// Each chunk of rows that a job of either Bulk API saves.
    IngestRows,
    /// Bulk API 1.0: jobs.
    AsyncJob,
    /// Bulk API 1.0: batches.
    AsyncBatch,
    /// Bulk API 1.0: results of batches.
    AsyncResults,
    Describe,
    DescribeGlobal,
    Composite,
    Token,
    Blob,
    Row,
    Deleted,
    Updated,
    Limits,
    /// The partner and the enterprise API.
    Soap,
    /// The Metadata API by SOAP.
    Metadata,
    Other,
}

impl Endpoint {
    /// Whether a request tells its object before it is answered.
    fn knows_object(self) -> bool {
        use Endpoint as E;
        match self {
            E::Any
            | E::Query
            | E::QueryAll
            | E::Describe
            | E::Deleted
            | E::Updated
            | E::Blob
            | E::Row
            | E::Soap => true,
            E::NextPage
            | E::BulkCreate
            | E::BulkStatus
            | E::BulkResults
            | E::BulkClose
            | E::IngestCreate
            | E::IngestUpload
            | E::IngestStatus
            | E::IngestResults
            | E::IngestClose
            | E::IngestRows
            | E::AsyncJob
            | E::AsyncBatch
            | E::AsyncResults
            | E::DescribeGlobal
            | E::Composite
            | E::Token
            | E::Limits
            | E::Metadata
            | E::Other => false,
        }
    }
}

/// How the body of a refused request looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BodyKind {
    #[default]
    Json,
    Html,
    Empty,
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// The request is refused.
    Status {
        status: u16,
        #[serde(default)]
        code: String,
        #[serde(default)]
        message: String,
        #[serde(default)]
        body: BodyKind,
        #[serde(default)]
        retry_after: Option<u64>,
    },
    /// The connection breaks after this many bytes of the body (as sent, so of the compressed one).
    Disconnect {
        after_bytes: u64,
    },
    /// The body ends early without any sign of an error.
    Truncate {
        after_bytes: u64,
    },
    /// Each piece of the body comes after this many milliseconds.
    Slow {
        ms_per_chunk: u64,
    },
    /// The body is not well-formed JSON or CSV.
    Garble,
    /// The token of this call is no longer valid; the next ones are.
    SessionExpired,
    /// The cursor or the place in a job's results is gone.
    LocatorLost,
    JobFailed {
        message: String,
    },
    /// The job never leaves its state.
    JobStuck,
    /// Bulk does not take this object.
    RefuseBulk,
    /// The rows of a chunk are locked by somebody else.
    RowLocked,
}

impl Effect {
    fn is_semantic(&self) -> bool {
        match self {
            Effect::LocatorLost
            | Effect::JobFailed { .. }
            | Effect::JobStuck
            | Effect::RefuseBulk
            | Effect::RowLocked => true,
            Effect::Status { .. }
            | Effect::Disconnect { .. }
            | Effect::Truncate { .. }
            | Effect::Slow { .. }
            | Effect::Garble
            | Effect::SessionExpired => false,
        }
    }
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    #[serde(default = "any")]
    pub at: Endpoint,
    /// Only requests whose path holds this text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Only requests about this object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// Lets this many matching calls pass first.
    #[serde(default)]
    pub after: u64,
    /// Strikes this often; absent: until cleared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
    pub effect: Effect,
}

fn any() -> Endpoint {
    Endpoint::Any
}

impl Fault {
    /// Why the rule could never strike, if so: what it asks for is not known where it would.
    pub fn impossible(&self) -> Option<&'static str> {
        if self.effect.is_semantic() {
            return self
                .path
                .is_some()
                .then_some("this effect strikes inside an API, where no path is known");
        }
        (self.object.is_some() && !self.at.knows_object())
            .then_some("the object of a request is not known at this endpoint")
    }

    /// Strikes each call of this kind until cleared.
    pub fn at(at: Endpoint, effect: Effect) -> Fault {
        Fault { at, path: None, object: None, after: 0, times: None, effect }
    }

    /// A refusal with a JSON body.
    pub fn status(at: Endpoint, status: u16, code: &str, message: &str) -> Fault {
        let effect = Effect::Status {
            status,
            code: code.to_owned(),
            message: message.to_owned(),
            body: BodyKind::Json,
            retry_after: None,
        };
        Fault::at(at, effect)
    }

    #[must_use]
    pub fn on_object(mut self, object: &str) -> Fault {
        self.object = Some(object.to_owned());
        self
    }

    #[must_use]
    pub fn after(mut self, calls: u64) -> Fault {
        self.after = calls;
        self
    }

    #[must_use]
    pub fn times(mut self, times: u64) -> Fault {
        self.times = Some(times);
        self
    }

    #[must_use]
    pub fn once(self) -> Fault {
        self.times(1)
    }

    fn matches(&self, at: Endpoint, path: &str, object: Option<&str>) -> bool {
        (self.at == Endpoint::Any || self.at == at)
            && self.path.as_deref().is_none_or(|part| path.contains(part))
            && self
                .object
                .as_deref()
                .is_none_or(|wanted| object.is_some_and(|o| o.eq_ignore_ascii_case(wanted)))
    }
}

/// A rule with its number and what is left of it.
#[derive(Debug, Clone, Serialize)]
pub struct FaultList {
    pub id: u64,
    #[serde(flatten)]
    pub fault: Fault,
    /// How often it struck.
    pub struck: u64,
}

/// All rules of an org.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Faults(Mutex<Inner>);

#[derive(Debug, Default, Serialize, Deserialize)]
struct Inner {
    next: u64,
    rules: Vec<Rule>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Rule {
    id: u64,
    fault: Fault,
    seen: u64,
    struck: u64,
}

impl Faults {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a rule and answers its number. One that can never strike is a mistake of the caller.
    pub fn add(&self, fault: Fault) -> u64 {
        debug_assert_eq!(fault.impossible(), None, "{fault:?}");
        let mut inner = self.inner();
        inner.next += 1;
        let id = inner.next;
        inner.rules.push(Rule { id, fault, seen: 0, struck: 0 });
        id
    }

    pub fn remove(&self, id: u64) -> bool {
        let mut inner = self.inner();
        let before = inner.rules.len();
        inner.rules.retain(|rule| rule.id != id);
        inner.rules.len() < before
    }

    pub fn clear(&self) {
        self.inner().rules.clear();
    }

    /// The rules that can still strike or have struck.
    pub fn list(&self) -> Vec<FaultList> {
        let inner = self.inner();
        inner.rules.iter().map(|r| FaultList { id: r.id, fault: r.fault.clone(), struck: r.struck }).collect()
    }

    /// What goes wrong with this request around its route, if anything.
    pub fn http(&self, at: Endpoint, path: &str, object: Option<&str>) -> Option<Effect> {
        self.fire(at, path, object, |effect| !effect.is_semantic())
    }

    /// What goes wrong with one part of a composite request, if anything: it can only be refused.
    pub fn part(&self, at: Endpoint, path: &str, object: Option<&str>) -> Option<Effect> {
        self.fire(at, path, object, |effect| matches!(effect, Effect::Status { body: BodyKind::Json, .. }))
    }

    /// What goes wrong inside an API at this point, if anything: a lost locator, a failed or stuck job, a refused object.
    pub fn semantic(&self, at: Endpoint, object: Option<&str>) -> Option<Effect> {
        self.fire(at, "", object, Effect::is_semantic)
    }

    fn fire(
        &self,
        at: Endpoint,
        path: &str,
        object: Option<&str>,
        wanted: impl Fn(&Effect) -> bool,
    ) -> Option<Effect> {
        let mut inner = self.inner();
        for rule in &mut inner.rules {
            if !wanted(&rule.fault.effect) || !rule.fault.matches(at, path, object) {
                continue;
            }
            rule.seen += 1;
            if rule.seen <= rule.fault.after || rule.fault.times.is_some_and(|times| rule.struck >= times) {
                continue;
            }
            rule.struck += 1;
            return Some(rule.fault.effect.clone());
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_waits_strikes_and_is_spent() {
        let faults = Faults::default();
        faults.add(
            Fault::status(Endpoint::Query, 503, "SERVER_UNAVAILABLE", "busy")
                .after(1)
                .times(2)
                .on_object("Account"),
        );

        let struck: Vec<bool> =
            (0..5).map(|_| faults.http(Endpoint::Query, "/query", Some("account")).is_some()).collect();

        assert_eq!(struck, [false, true, true, false, false]);
        assert_eq!(faults.http(Endpoint::Query, "/query", Some("Contact")), None);
        assert_eq!(faults.http(Endpoint::Describe, "/d", Some("Account")), None);
        assert_eq!(faults.list()[0].struck, 2);
    }

    #[test]
    fn rules_are_read_from_json() {
        let fault: Fault = serde_json::from_str(
            r#"{"at":"bulk_results","times":1,"effect":{"disconnect":{"after_bytes":10}}}"#,
        )
        .expect("a rule");
        assert_eq!(fault, Fault::at(Endpoint::BulkResults, Effect::Disconnect { after_bytes: 10 }).once());
        let fault: Fault = serde_json::from_str(r#"{"effect":"job_stuck"}"#).expect("a rule");
        assert_eq!(fault.at, Endpoint::Any);
    }
}
