//! Columns that belong together: one choice for a row gives the values of all of them.

use serde::{Deserialize, Serialize};

use crate::model::stages::STAGES;

/// A table of choices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Choices {
    Stages,
    Cases,
    Leads,
    Tasks,
}

/// What one choice says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Column {
    /// The stage or status itself.
    Name,
    IsClosed,
    IsConverted,
    IsWon,
    Probability,
    ForecastCategory,
    ForecastCategoryName,
}

/// How a choice tells a value.
pub(super) enum Told {
    Text(&'static str),
    Digits(&'static str),
    Is(bool),
}

impl Choices {
    pub(super) fn count(self) -> usize {
        match self {
            Choices::Stages => STAGES.len(),
            Choices::Cases => CASES.len(),
            Choices::Leads => LEADS.len(),
            Choices::Tasks => TASKS.len(),
        }
    }

    pub(super) fn told(self, at: usize, column: Column) -> Told {
        let (name, is) = match self {
            Choices::Stages => {
                let stage = &STAGES[at];
                return match column {
                    Column::Name => Told::Text(stage.name),
                    Column::Probability => Told::Digits(stage.probability),
                    Column::IsWon => Told::Is(stage.is_won),
                    Column::ForecastCategory => Told::Text(stage.category.value()),
                    Column::ForecastCategoryName => Told::Text(stage.category.name()),
                    Column::IsClosed | Column::IsConverted => Told::Is(stage.is_closed),
                };
            }
            Choices::Cases => CASES[at],
            Choices::Leads => LEADS[at],
            Choices::Tasks => TASKS[at],
        };
        if column == Column::Name { Told::Text(name) } else { Told::Is(is) }
    }
}

/// Statuses, and whether each is closed.
const CASES: [(&str, bool); 4] = [("New", false), ("Working", false), ("Escalated", false), ("Closed", true)];
const TASKS: [(&str, bool); 4] =
    [("Not Started", false), ("In Progress", false), ("Completed", true), ("Deferred", false)];
/// Statuses, and whether each means converted.
const LEADS: [(&str, bool); 4] = [
    ("Open - Not Contacted", false),
    ("Working - Contacted", false),
    ("Closed - Not Converted", false),
    ("Closed - Converted", true),
];
