//! Columns that belong together: one choice for a row gives the values of all of them.

use serde::{Deserialize, Serialize};

/// A table of choices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Choices {
    Stages,
    Cases,
    Tasks,
}

impl Choices {
    pub(super) fn rows(self) -> &'static [&'static [&'static str]] {
        match self {
            Choices::Stages => STAGES,
            Choices::Cases => CASES,
            Choices::Tasks => TASKS,
        }
    }
}

/// `StageName`, `Probability`, `IsClosed`, `IsWon`, `ForecastCategory`, `ForecastCategoryName`.
const STAGES: &[&[&str]] = &[
    &["Prospecting", "10", "false", "false", "Pipeline", "Pipeline"],
    &["Qualification", "10", "false", "false", "Pipeline", "Pipeline"],
    &["Negotiation/Review", "90", "false", "false", "Best", "Best Case"],
    &["Closed Won", "100", "true", "true", "Closed", "Closed"],
    &["Closed Lost", "0", "true", "false", "Omitted", "Omitted"],
];
/// `Status`, `IsClosed`.
const CASES: &[&[&str]] =
    &[&["New", "false"], &["Working", "false"], &["Escalated", "false"], &["Closed", "true"]];
const TASKS: &[&[&str]] =
    &[&["Not Started", "false"], &["In Progress", "false"], &["Completed", "true"], &["Deferred", "false"]];
