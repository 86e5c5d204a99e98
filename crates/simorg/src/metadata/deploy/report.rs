//! What came of a deploy: a message for each component, and the `DeployResult` as SOAP and as REST write it.

use std::sync::Arc;

use chrono::DateTime;
use serde_json::{Value as Json, json};

use crate::state::{Org, User};
use crate::xml::Element;

use super::super::properties::{iso, person};
use super::Options;

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Severity {
    Warning,
    Error,
}

impl Severity {
    fn as_str(self) -> &'static str {
        match self {
            Severity::Warning => "Warning",
            Severity::Error => "Error",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Problem {
    severity: Severity,
    text: String,
    place: Option<(usize, usize)>,
}

/// `DeployMessage`.
#[expect(clippy::struct_excessive_bools, reason = "the flags of the API, one by one")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Message {
    /// Empty for the package itself.
    pub kind: String,
    pub full_name: String,
    file_name: String,
    pub id: String,
    problem: Option<Problem>,
    changed: bool,
    pub created: bool,
    deleted: bool,
    success: bool,
}

impl Message {
    pub(super) fn success(kind: &str, full_name: &str, file_name: &str) -> Message {
        Message {
            kind: kind.to_owned(),
            full_name: full_name.to_owned(),
            file_name: file_name.to_owned(),
            id: String::new(),
            problem: None,
            changed: false,
            created: false,
            deleted: false,
            success: true,
        }
    }

    pub(super) fn error(kind: &str, full_name: &str, file_name: &str, text: &str) -> Message {
        let problem = Problem { severity: Severity::Error, text: text.to_owned(), place: None };
        Message { problem: Some(problem), success: false, ..Message::success(kind, full_name, file_name) }
    }

    pub(super) fn warning(kind: &str, full_name: &str, file_name: &str, text: &str) -> Message {
        let problem = Problem { severity: Severity::Warning, text: text.to_owned(), place: None };
        Message { problem: Some(problem), ..Message::success(kind, full_name, file_name) }
    }

    /// Where in its file the problem is.
    pub(super) fn at(mut self, line: usize, column: usize) -> Message {
        if let Some(problem) = &mut self.problem {
            problem.place = Some((line, column));
        }
        self
    }

    pub(super) fn changed(self) -> Message {
        Message { changed: true, ..self }
    }

    pub(super) fn created(self) -> Message {
        Message { created: true, changed: true, ..self }
    }

    pub(super) fn deleted(self) -> Message {
        Message { deleted: true, changed: true, ..self }
    }

    pub(in super::super) fn is_error(&self) -> bool {
        !self.success
    }

    /// The problem's text, also that of a warning.
    pub(in super::super) fn problem_text(&self) -> Option<&str> {
        self.problem.as_ref().map(|problem| problem.text.as_str())
    }

    fn element(&self, name: &str, at_ms: i64) -> Element {
        let place = self.problem.as_ref().and_then(|problem| problem.place);
        let mut element = Element::new(name).with(Element::leaf("changed", self.changed));
        if let Some((_, column)) = place {
            element = element.with(Element::leaf("columnNumber", column));
        }
        element = element
            .with(Element::leaf("componentType", &self.kind))
            .with(Element::leaf("created", self.created))
            .with(Element::leaf("createdDate", iso(at_ms)))
            .with(Element::leaf("deleted", self.deleted))
            .with(Element::leaf("fileName", &self.file_name))
            .with(Element::leaf("fullName", &self.full_name));
        if !self.id.is_empty() {
            element = element.with(Element::leaf("id", &self.id));
        }
        if let Some((line, _)) = place {
            element = element.with(Element::leaf("lineNumber", line));
        }
        if let Some(problem) = &self.problem {
            element = element
                .with(Element::leaf("problem", &problem.text))
                .with(Element::leaf("problemType", problem.severity.as_str()));
        }
        element.with(Element::leaf("success", self.success))
    }

    fn json(&self, at_ms: i64) -> Json {
        let place = self.problem.as_ref().and_then(|problem| problem.place);
        json!({
            "changed": self.changed,
            "columnNumber": place.map(|(_, column)| column),
            "componentType": self.kind,
            "created": self.created,
            "createdDate": rest_date(at_ms),
            "deleted": self.deleted,
            "fileName": self.file_name,
            "fullName": self.full_name,
            "id": (!self.id.is_empty()).then_some(&self.id),
            "lineNumber": place.map(|(line, _)| line),
            "problem": self.problem.as_ref().map(|problem| &problem.text),
            "problemType": self.problem.as_ref().map(|problem| problem.severity.as_str()),
            "success": self.success,
        })
    }
}

fn rest_date(at_ms: i64) -> String {
    DateTime::from_timestamp_millis(at_ms)
        .unwrap_or_default()
        .format("%Y-%m-%dT%H:%M:%S%.3f+0000")
        .to_string()
}

/// `DeployStatus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Status {
    Pending,
    InProgress,
    Succeeded,
    SucceededPartial,
    Failed,
    Canceled,
}

impl Status {
    pub(in super::super) fn as_str(self) -> &'static str {
        match self {
            Status::Pending => "Pending",
            Status::InProgress => "InProgress",
            Status::Succeeded => "Succeeded",
            Status::SucceededPartial => "SucceededPartial",
            Status::Failed => "Failed",
            Status::Canceled => "Canceled",
        }
    }

    pub(in super::super) fn is_done(self) -> bool {
        !matches!(self, Status::Pending | Status::InProgress)
    }
}

/// A deploy with all that is known of it.
#[derive(Debug, Clone)]
pub(in super::super) struct Report {
    pub id: String,
    pub options: Options,
    pub user: Arc<User>,
    pub created_ms: i64,
    pub done_ms: Option<i64>,
    pub status: Status,
    pub messages: Vec<Message>,
    /// Code and message of what stopped it as a whole.
    pub error: Option<(String, String)>,
    pub tests_run: usize,
    /// The id of who cancelled it.
    pub canceled_by: Option<String>,
}

/// Components by what became of them.
struct Counts {
    total: usize,
    errors: usize,
    tests: usize,
}

impl Report {
    fn counts(&self) -> Counts {
        let counted =
            || self.messages.iter().filter(|message| message.is_error() || !message.kind.is_empty());
        Counts {
            total: counted().count(),
            errors: counted().filter(|message| message.is_error()).count(),
            tests: self.tests_run,
        }
    }

    /// The `result` of checkDeployStatus.
    pub(in super::super) fn element(&self, org: &Org, with_details: bool) -> Element {
        let counts = self.counts();
        let mut parts: Vec<(&str, String)> = vec![
            ("checkOnly", self.options.check_only.to_string()),
            ("createdBy", self.user.id.clone()),
            ("createdByName", self.user.name()),
            ("createdDate", iso(self.created_ms)),
            ("done", self.status.is_done().to_string()),
            ("id", self.id.clone()),
            ("ignoreWarnings", self.options.ignore_warnings.to_string()),
            ("lastModifiedDate", iso(self.done_ms.unwrap_or(self.created_ms))),
            ("numberComponentErrors", counts.errors.to_string()),
            ("numberComponentsDeployed", (counts.total - counts.errors).to_string()),
            ("numberComponentsTotal", counts.total.to_string()),
            ("numberTestErrors", "0".to_owned()),
            ("numberTestsCompleted", counts.tests.to_string()),
            ("numberTestsTotal", counts.tests.to_string()),
            ("rollbackOnError", self.options.rollback_on_error.to_string()),
            ("runTestsEnabled", self.options.runs_tests().to_string()),
            ("startDate", iso(self.created_ms)),
            ("status", self.status.as_str().to_owned()),
            ("success", self.is_success().to_string()),
        ];
        if let Some(id) = &self.canceled_by {
            let (id, name) = person(org, id);
            parts.extend([("canceledBy", id), ("canceledByName", name)]);
        }
        parts.extend(self.done_ms.map(|at_ms| ("completedDate", iso(at_ms))));
        if let Some((code, message)) = &self.error {
            parts.extend([("errorMessage", message.clone()), ("errorStatusCode", code.clone())]);
        }
        let mut children: Vec<Element> =
            parts.into_iter().map(|(name, text)| Element::leaf(name, text)).collect();
        if with_details {
            children.push(self.details());
        }
        children.sort_by(|a, b| a.name.cmp(&b.name));
        Element::new("result").with_all(children)
    }

    pub(in super::super) fn is_success(&self) -> bool {
        self.status == Status::Succeeded
    }

    fn details(&self) -> Element {
        let at_ms = self.done_ms.unwrap_or(self.created_ms);
        let of = |failed: bool, name: &'static str| {
            let wanted = self.messages.iter().filter(move |message| message.is_error() == failed);
            wanted.map(move |message| message.element(name, at_ms))
        };
        let tests = Element::new("runTestResult")
            .with(Element::leaf("numFailures", 0))
            .with(Element::leaf("numTestsRun", self.tests_run))
            .with(Element::leaf("totalTime", "0.0"));
        Element::new("details")
            .with_all(of(true, "componentFailures"))
            .with_all(of(false, "componentSuccesses"))
            .with(tests)
    }

    /// The `deployResult` of REST.
    pub(in super::super) fn json(&self, org: &Org, with_details: bool) -> Json {
        let counts = self.counts();
        let canceled = self.canceled_by.as_ref().map(|id| person(org, id));
        let mut json = json!({
            "checkOnly": self.options.check_only,
            "completedDate": self.done_ms.map(rest_date),
            "createdBy": self.user.id,
            "createdByName": self.user.name(),
            "createdDate": rest_date(self.created_ms),
            "details": Json::Null,
            "done": self.status.is_done(),
            "errorMessage": self.error.as_ref().map(|(_, message)| message),
            "errorStatusCode": self.error.as_ref().map(|(code, _)| code),
            "id": self.id,
            "ignoreWarnings": self.options.ignore_warnings,
            "lastModifiedDate": rest_date(self.done_ms.unwrap_or(self.created_ms)),
            "numberComponentErrors": counts.errors,
            "numberComponentsDeployed": counts.total - counts.errors,
            "numberComponentsTotal": counts.total,
            "numberTestErrors": 0,
            "numberTestsCompleted": counts.tests,
            "numberTestsTotal": counts.tests,
            "rollbackOnError": self.options.rollback_on_error,
            "runTestsEnabled": self.options.runs_tests(),
            "startDate": rest_date(self.created_ms),
            "stateDetail": Json::Null,
            "status": self.status.as_str(),
            "success": self.is_success(),
        });
        if let Some((id, name)) = canceled {
            json["canceledBy"] = id.into();
            json["canceledByName"] = name.into();
        }
        if with_details {
            json["details"] = self.details_json();
        }
        json
    }

    fn details_json(&self) -> Json {
        let at_ms = self.done_ms.unwrap_or(self.created_ms);
        let of = |failed: bool| -> Vec<Json> {
            let wanted = self.messages.iter().filter(|message| message.is_error() == failed);
            wanted.map(|message| message.json(at_ms)).collect()
        };
        json!({
            "allComponentMessages": self.messages.iter().map(|message| message.json(at_ms)).collect::<Vec<_>>(),
            "componentFailures": of(true),
            "componentSuccesses": of(false),
            "retrieveResult": Json::Null,
            "runTestResult": {
                "codeCoverage": [], "codeCoverageWarnings": [], "failures": [], "flowCoverage": [],
                "flowCoverageWarnings": [], "numFailures": 0, "numTestsRun": self.tests_run, "successes": [],
                "totalTime": 0.0,
            },
        })
    }
}
