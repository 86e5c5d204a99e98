//! deploy: from a zip to changed components, objects and permissions, with a message for each component.
//!
//! `package` reads the zip, `check` looks for what a component needs and the org does not have, `run` applies everything
//! to a copy of the org's state, `rows` and `effects` tell the rest of the org, `report` says what came of it.

mod check;
pub(super) mod effects;
mod options;
mod package;
mod report;
pub(super) mod rows;
mod run;

pub(super) use options::Options;
pub(super) use package::Unit;
pub(super) use report::{Message, Report, Status};
pub(super) use run::run;
pub(super) use run::{put, remove};

use std::sync::Arc;

use crate::state::{Org, User};

use crate::components::Component;

/// Puts one component with all that follows from it; the error is Salesforce's words for what is wrong.
pub(crate) fn put_component(org: &Org, user: &Arc<User>, component: &Component) -> Result<(), String> {
    let (messages, _) = put(org, user, vec![Unit::of(component)]);
    match messages.iter().find(|message| message.is_error()) {
        Some(error) => Err(error.problem_text().unwrap_or_default().to_owned()),
        None => Ok(()),
    }
}

/// Removes one component with all that follows from it.
pub(crate) fn remove_component(
    org: &Org,
    user: &Arc<User>,
    kind: &str,
    full_name: &str,
) -> Result<(), String> {
    match remove(org, user, kind, full_name).problem_text() {
        Some(problem) => Err(problem.to_owned()),
        None => Ok(()),
    }
}
