//! How a command's failure is told: what happened, why, and what to do next.
//!
//! Errors of the other crates keep their cause out of their message, so the chain is printed once,
//! here. A cause that its effect has already told word for word is left out.

use std::fmt::Write as _;

use holdfast_domain::{ErrorCode, ObjectName};
use serde::Serialize;

use crate::exit::Exit;

/// A failure that the command line itself finds.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommandError {
    #[error("{message}")]
    Usage { message: String, hint: Option<String> },
    #[error("there is no {noun} `{name}`")]
    Unknown { noun: &'static str, name: String, suggestion: Option<String>, list: String },
    #[error("the backup of `{org}` holds nothing of {object} `{ids}`, so nothing was erased")]
    NothingToErase { org: String, object: ObjectName, ids: String },
    #[error("could not read `{what}`")]
    Unreadable {
        what: String,
        #[source]
        source: std::io::Error,
    },
    #[error("could not write to `{what}`")]
    Unwritable {
        what: String,
        #[source]
        source: std::io::Error,
    },
    #[error("could not write to standard output")]
    OutputNotWritten(#[source] std::io::Error),
    #[error("could not listen on `{address}`")]
    NotListening {
        address: String,
        #[source]
        source: std::io::Error,
    },
    #[error("the sign-in was not finished: {0}")]
    SignInRefused(String),
    #[cfg(not(feature = "query"))]
    #[error("{0}")]
    NotBuilt(&'static str),
    #[error("the simulated org did not answer as it should: {0}")]
    SimulatedOrg(String),
}

impl CommandError {
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), hint: None }
    }

    pub(crate) fn usage_with_hint(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), hint: Some(hint.into()) }
    }

    fn code(&self) -> ErrorCode {
        match self {
            Self::Usage { .. } | Self::NotListening { .. } | Self::Unreadable { .. } => ErrorCode::BadInput,
            #[cfg(not(feature = "query"))]
            Self::NotBuilt(_) => ErrorCode::BadInput,
            Self::Unknown { .. } | Self::NothingToErase { .. } => ErrorCode::NotFound,
            Self::Unwritable { .. } => ErrorCode::LakeReadOnly,
            Self::SignInRefused(_) => ErrorCode::NeedsReauthorisation,
            Self::OutputNotWritten(_) | Self::SimulatedOrg(_) => ErrorCode::Internal,
        }
    }

    /// A hint that is closer to the point than that of the code.
    fn hint(&self) -> Option<String> {
        match self {
            Self::Usage { hint, .. } => hint.clone(),
            Self::Unknown { suggestion: Some(suggestion), list, .. } => {
                Some(format!("did you mean `{suggestion}`? {list}"))
            }
            Self::Unknown { suggestion: None, list, .. } => Some(list.clone()),
            Self::Unreadable { .. } => Some("check the path and that you may read it".to_owned()),
            Self::OutputNotWritten(_) => {
                Some("check where the output goes, and that there is space".to_owned())
            }
            Self::NotListening { .. } => {
                Some("choose another address or port, or end the program that uses it".to_owned())
            }
            Self::SignInRefused(_) => {
                Some("run the command again and sign in as the integration user".to_owned())
            }
            #[cfg(not(feature = "query"))]
            Self::NotBuilt(_) => Some("build it with `cargo build -p holdfast --features query`".to_owned()),
            Self::NothingToErase { .. } => Some(
                "check Ids and object; what was erased before is not in the backup any more either"
                    .to_owned(),
            ),
            Self::Unwritable { .. } | Self::SimulatedOrg(_) => None,
        }
    }
}

/// A failure as it is printed: the JSON form is stable.
#[derive(Debug, Serialize)]
pub(crate) struct Failure {
    pub(crate) code: ErrorCode,
    message: String,
    causes: Vec<String>,
    hint: String,
}

impl Failure {
    pub(crate) fn of(error: &anyhow::Error) -> Self {
        let own = error.chain().find_map(|cause| cause.downcast_ref::<CommandError>());
        let code = own
            .map(CommandError::code)
            .or_else(|| error.chain().find_map(code_of))
            .unwrap_or(ErrorCode::Internal);
        let hint = own.and_then(CommandError::hint).unwrap_or_else(|| code.hint().to_owned());
        let mut told = error.to_string();
        let message = told.clone();
        let mut causes = Vec::new();
        for cause in error.chain().skip(1) {
            let text = cause.to_string();
            if !told.contains(&text) {
                causes.push(text.clone());
            }
            told = text;
        }
        Self { code, message, causes, hint }
    }

    pub(crate) fn exit(&self) -> Exit {
        Exit::of(self.code)
    }

    /// As a person reads it.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("error: {}\n", self.message);
        for cause in &self.causes {
            let _ = writeln!(text, "  caused by: {cause}");
        }
        if !self.hint.is_empty() {
            let _ = writeln!(text, "hint: {}", self.hint);
        }
        text
    }

    /// As a program reads it: one line.
    pub(crate) fn json(&self) -> String {
        let mut text = serde_json::to_string(self).expect("texts and a word are always JSON");
        text.push('\n');
        text
    }
}

/// The code of an error of ours. The outermost one in the chain knows best what it means.
fn code_of(cause: &(dyn std::error::Error + 'static)) -> Option<ErrorCode> {
    if let Some(error) = cause.downcast_ref::<holdfast_engine::Error>() {
        return Some(error.code());
    }
    if let Some(error) = cause.downcast_ref::<holdfast_salesforce::Error>() {
        return Some(error.code());
    }
    if let Some(error) = cause.downcast_ref::<holdfast_lake::Error>() {
        return Some(error.code());
    }
    #[cfg(feature = "query")]
    if let Some(error) = cause.downcast_ref::<holdfast_query::Error>() {
        return Some(error.code());
    }
    None
}

/// The one of `known` that `name` was probably meant to be.
pub(crate) fn closest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let wanted = name.to_lowercase();
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&wanted, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context as _;

    fn refused() -> anyhow::Error {
        let lowest = std::io::Error::other("permission denied");
        anyhow::Error::new(CommandError::Unreadable { what: "key.pem".to_owned(), source: lowest })
            .context("could not connect `Acme`")
    }

    #[test]
    fn a_failure_reads_as_error_causes_and_hint() {
        insta::assert_snapshot!(Failure::of(&refused()).text(), @r"
        error: could not connect `Acme`
          caused by: could not read `key.pem`
          caused by: permission denied
        hint: check the path and that you may read it
        ");
    }

    #[test]
    fn a_failure_as_json_is_one_line_with_the_code() {
        insta::assert_snapshot!(Failure::of(&refused()).json(), @r#"{"code":"bad_input","message":"could not connect `Acme`","causes":["could not read `key.pem`","permission denied"],"hint":"check the path and that you may read it"}"#);
    }

    #[test]
    fn a_cause_that_was_told_already_is_not_told_twice() {
        let error = Err::<(), _>(std::io::Error::other("disk is full"))
            .context("could not write: disk is full")
            .unwrap_err();
        assert_eq!(Failure::of(&error).causes, Vec::<String>::new());
    }

    #[test]
    fn a_slip_of_the_finger_is_answered_with_the_name_meant() {
        let known = ["Account", "Contact", "Opportunity"];
        assert_eq!(closest("Acount", known), Some("Account".to_owned()));
        assert_eq!(closest("account", known), Some("Account".to_owned()));
        assert_eq!(closest("Zebra", known), None);
    }
}
